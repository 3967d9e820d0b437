import { CIDR, type IP } from '@patchbay/address'
import type { Interface, IPConfig, Route } from '@patchbay/cni/types'
import { isNetlinkError } from '@patchbay/linux/netlink'
import {
  type Address,
  addAddressRequest,
  deleteAddress,
  findLink,
  getLink,
  IFA_F,
  IFF,
  type LinkSummary,
  linkSummary,
  listAddresses,
  RT_SCOPE,
  setLink,
  setLinkRequest,
} from '@patchbay/linux/route'
import { asAddress } from '../../link/configure-interface.ts'
import { deterministicMac, macSource } from '../../link/deterministic-mac.ts'
import { ensureForwarding } from '../../link/forwarding.ts'
import { acceptNoRouterAdvertisements, allowOptimistic, expectNoDuplicates } from '../../link/host-ipv6.ts'
import type { OpenNetns } from '../../link/net-context.ts'
import { messageOf } from '../../request/error-message.ts'
import { UndoStack } from '../../request/undo-stack.ts'
import type { Bridge } from './bridge-link.ts'
import { type BridgeConfig, vlanGatewayName } from './config.ts'
import { configurePort, makePort, type PortSettings, portSettings } from './port.ts'
import { ensureSubnetRoutes } from './subnet-route.ts'

/** What a bridge shows that has had ports, has none now, and was never given an address. */
export const NO_MAC = '00:00:00:00:00:00'

/** What a gateway network adds to the addresses that the IPAM plugin gave. */
export interface GatewayPlan {
  ips: IPConfig[]
  routes: Route[]
  /** Addresses that the bridge must have, IPv4 first. */
  gateways: CIDR[]
}

/**
 * Gives each address its gateway, the first address of the subnet unless the IPAM plugin said another, and each family
 * its default route when the gateway is to be the default one.
 */
export function planGateways(
  config: Pick<BridgeConfig, 'isGateway' | 'isDefaultGateway'>,
  given: { ips: readonly IPConfig[]; routes: readonly Route[] },
): GatewayPlan {
  const ips = given.ips.map((ip) => ({ ...ip, ...(config.isGateway && !ip.gateway && firstHost(ip.address)) }))
  const routes = [...given.routes]
  const gateways: CIDR[] = []
  for (const { address, gateway } of config.isGateway ? ips : []) {
    if (!gateway) continue
    gateways.push(CIDR.of(gateway, address.prefixLength))
    if (config.isDefaultGateway && !routes.some((route) => isDefault(route, address.family)))
      routes.push({ dst: defaultDestination(address.family), gw: gateway })
  }
  return { ips, routes, gateways: gateways.sort((a, b) => a.family - b.family) }
}

function firstHost(cidr: CIDR): { gateway?: IP } {
  const gateway = cidr.network.next()
  return gateway ? { gateway } : {}
}

/** A default route without a gateway of its own goes to the remembered gateway, so it is one as well. */
function isDefault(route: Route, version: 4 | 6): boolean {
  return route.dst.family === version && route.dst.prefixLength === 0 && isMainTable(route.table)
}

function isMainTable(table: number | undefined): boolean {
  return table === undefined || table === 0 || table === 254
}

function defaultDestination(version: 4 | 6): CIDR {
  return CIDR.parse(version === 4 ? '0.0.0.0/0' : '::/0')
}

/** What the gateways of a network are put on. */
export interface Serving {
  bridge: Bridge
  gateways: readonly CIDR[]
  /** Addresses of the container with their gateways. */
  ips: readonly IPConfig[]
  warn: (line: string) => void
}

/**
 * Puts the gateways on the bridge, or on its VLAN interface, and has the kernel forward their families.
 *
 * @returns the VLAN interface for the result, when there is one
 * @throws Error `failed to set bridge addr: ...`
 */
export async function serveGateways(
  host: OpenNetns,
  config: BridgeConfig,
  serving: Serving,
): Promise<Interface | undefined> {
  const { bridge, gateways } = serving
  if (gateways.length === 0) return undefined
  const own = { link: bridge, mac: macChoice[bridge.macOrigin], isAlone: bridge.isNew }
  const target = config.vlan === 0 ? own : await ensureVlanGateway(host, config, serving)
  const { link } = target
  try {
    await ensureAddresses(host, { ...target, config, gateways })
  } catch (error) {
    throw new Error(`failed to set bridge addr: ${messageOf(error)}`, { cause: error })
  }
  await ensureSubnetRoutes(host, link, serving.ips)
  for (const version of [4, 6] as const)
    if (gateways.some((gateway) => gateway.family === version)) await ensureForwarding(host, version)
  if (link === bridge) return undefined
  const now = await getLink(host.route, link.index, { as: linkSummary })
  return { name: now.ifname ?? '', mac: String(now.address) }
}

/** What the gateways of a network make of the hardware address of their link. */
interface GatewayLink {
  link: LinkSummary
  /**
   * `given`: the one that follows from the gateways, where the configuration wants that. `held`: the one it has, for good: a
   * bridge would otherwise take the lowest of its ports', and containers would lose their gateway whenever a port comes or
   * goes. `left`: as it is.
   */
  mac: 'given' | 'held' | 'left'
  /** Whether nobody can be on it who has the addresses already. */
  isAlone: boolean
}

const macChoice = { 'made up': 'given', unknown: 'held', set: 'left' } as const satisfies Record<
  Bridge['macOrigin'],
  GatewayLink['mac']
>

interface GatewayAddresses extends GatewayLink {
  config: BridgeConfig
  gateways: readonly CIDR[]
}

async function ensureAddresses(host: OpenNetns, { link, mac: choice, ...more }: GatewayAddresses): Promise<void> {
  const { config, gateways, isAlone } = more
  if (await areThere(host, link, gateways)) return ensureUp(host, link)
  const present = await listAddresses(host.route, { index: link.index })
  const missing = gateways.filter((gateway) => !present.some(({ address }) => address.equals(gateway)))
  const conflicts = present.filter((address) => missing.some((gateway) => isConflict(address, gateway)))
  if (conflicts.length > 0 && !config.forceAddress) {
    const gateway = missing.find((each) => conflicts.some((address) => isConflict(address, each)))
    const has = conflicts.map(({ address }) => `"${address}"`).join(', ')
    const remedy = 'take it away, set "forceAddress", or name a "bridge" of its own'
    const cause = new Error(`Cannot give "${gateway}" to "${link.ifname}": it has ${has}; ${remedy}`)
    throw new Error(`"${link.ifname}" already has an IP address different from ${gateway}`, { cause })
  }
  for (const address of conflicts) await deleteAddress(host.route, address)
  if (missing.length === 0) return ensureUp(host, link)
  const kept = present.filter((address) => !conflicts.includes(address))
  const follows = config.deterministicMac && (await followsFrom(link, conflicts))
  const mac = await macFor(host, link, { choice: follows ? 'given' : choice, config, gateways, kept })
  await host.route.request(setLinkRequest(link.index, { address: mac, up: true }))
  if (isAlone || missing.every(({ family }) => family === 4)) return addMissing(host, link, missing, IFA_F.NODAD)
  await allowOptimistic(host, link.ifname ?? '', () => addMissing(host, link, missing, IFA_F.OPTIMISTIC))
}

/**
 * Whether a link has all of these addresses. The kernel lists those of one IP version while others change its links; for
 * those of all versions it has them wait for each other.
 */
async function areThere(host: OpenNetns, { index }: LinkSummary, gateways: readonly CIDR[]): Promise<boolean> {
  for (const family of new Set(gateways.map(({ family }) => family))) {
    const present = await listAddresses(host.route, { index, family })
    const wanted = gateways.filter((gateway) => gateway.family === family)
    if (!wanted.every((gateway) => present.some(({ address }) => address.equals(gateway)))) return false
  }
  return true
}

/**
 * A second IPv4 address is one too many; of IPv6 a link may have any number, but of one network only one. Link-local ones are in
 * nobody's way: the kernel gives every link one.
 */
function isConflict({ address, scope }: Address, gateway: CIDR): boolean {
  if (address.family !== gateway.family) return false
  return gateway.family === 4 || (scope !== RT_SCOPE.LINK && address.overlaps(gateway))
}

async function ensureUp(host: OpenNetns, link: LinkSummary): Promise<void> {
  if (!(link.flags & IFF.UP)) await setLink(host.route, link.index, { up: true })
}

/** Whether a link has the hardware address that follows from these addresses, and so is not to outlive them. */
async function followsFrom(link: LinkSummary, addresses: readonly Address[]): Promise<boolean> {
  const source = macSource(addresses.map(({ address }) => address.address))
  return source !== undefined && String(await deterministicMac(source)) === String(link.address)
}

/** A bridge that serves a network already keeps the address that its containers know. */
async function macFor(
  host: OpenNetns,
  link: LinkSummary,
  options: { choice: GatewayLink['mac']; config: BridgeConfig; gateways: readonly CIDR[]; kept: readonly Address[] },
): Promise<LinkSummary['address']> {
  const { choice, config, gateways, kept } = options
  if (choice === 'left') return undefined
  const serves = kept.some(({ scope }) => scope !== RT_SCOPE.LINK)
  const isGiven = choice === 'given' && config.deterministicMac && !serves
  const source = isGiven ? macSource(gateways.map(({ address }) => address)) : undefined
  return source ? deterministicMac(source) : ownMac(host, link)
}

/** @param ipv6Flags how duplicates of an IPv6 address are looked for: `IFA_F` */
async function addMissing(
  host: OpenNetns,
  link: LinkSummary,
  missing: readonly CIDR[],
  ipv6Flags: number,
): Promise<void> {
  for (const gateway of missing) {
    const flags = gateway.family === 6 ? ipv6Flags : 0
    try {
      await host.route.request(addAddressRequest({ ...asAddress(link.index, gateway), flags }))
    } catch (error) {
      // Lost a race: created concurrently.
      if (!isNetlinkError(error, 'EEXIST'))
        throw new Error(`could not add IP address to "${link.ifname}": ${messageOf(error)}`, { cause: error })
    }
  }
}

/** The address from before the first port, unless the bridge had lost all its ports and had none then. */
async function ownMac(host: OpenNetns, link: LinkSummary): Promise<LinkSummary['address']> {
  if (String(link.address) !== NO_MAC) return link.address
  const { address } = await getLink(host.route, link.index, { as: linkSummary })
  return address
}

/**
 * The interface that has the gateway addresses of one VLAN: `cni0.100`, a port of the bridge in that VLAN. Like the bridge
 * it is there for good. It is set up last: one that is up is complete.
 */
async function ensureVlanGateway(
  host: OpenNetns,
  config: BridgeConfig,
  { bridge, warn }: Pick<Serving, 'bridge' | 'warn'>,
): Promise<GatewayLink> {
  const ifName = vlanGatewayName(config)
  const port = { ...portSettings(config, bridge.index), hairpin: false, isolated: false, trunk: undefined }
  const found = await findLink(host.route, ifName, { as: linkSummary })
  if (found) return takeVlanGateway(host, found, port)
  try {
    await using undo = new UndoStack(warn)
    await makePort(host, host, { ifName, mtu: bridge.mtu ?? 0, mac: undefined, port, undo })
    if (bridge.isNew) expectNoDuplicates(host, ifName)
    const link = await setUpVlanGateway(host, ifName)
    undo.keep()
    return { link, mac: 'given', isAlone: bridge.isNew }
  } catch (error) {
    // Lost a race: created concurrently.
    const other = isTaken(error) ? await findLink(host.route, ifName, { as: linkSummary }) : undefined
    if (!other) throw error
    return takeVlanGateway(host, other, port)
  }
}

/** One that is down may have been left by an ADD that was killed, and be in no VLAN yet: its port is configured again. */
async function takeVlanGateway(host: OpenNetns, link: LinkSummary, settings: PortSettings): Promise<GatewayLink> {
  const { ifname = '', flags } = link
  const port = flags & IFF.UP ? undefined : await findPort(host, link, settings.bridge)
  if (port) {
    await configurePort(host, port, settings)
    return { link: await setUpVlanGateway(host, ifname), mac: 'given', isAlone: false }
  }
  acceptNoRouterAdvertisements(host, ifname)
  return { link, mac: 'left', isAlone: false }
}

/** The other end of a pair, when it is a port of that bridge. */
async function findPort(
  host: OpenNetns,
  { linkinfo, link, linkNetnsid }: LinkSummary,
  bridge: number,
): Promise<{ index: number; ifname: string } | undefined> {
  if (linkinfo?.link?.kind !== 'veth' || link === undefined || linkNetnsid !== undefined) return undefined
  const port = await findLink(host.route, link, { as: linkSummary })
  return port?.master === bridge ? { index: port.index, ifname: port.ifname ?? '' } : undefined
}

async function setUpVlanGateway(host: OpenNetns, ifName: string): Promise<LinkSummary> {
  acceptNoRouterAdvertisements(host, ifName)
  const link = await getLink(host.route, ifName, { as: linkSummary })
  await host.route.request(setLinkRequest(link.index, { up: true }))
  return link
}

function isTaken(error: unknown): boolean {
  return error instanceof Error && isNetlinkError(error.cause, 'EEXIST')
}
