import type { Request } from '@patchbay/cni/plugin'
import type { Interface, IPConfig, Result } from '@patchbay/cni/types'
import { readLinkFile } from '@patchbay/linux/netns'
import { findLink, IFF, type Link, linkSummary } from '@patchbay/linux/route'
import { checkAdvertisements, checkForwarding, checkGateways, checkReached } from '../../link/check-host.ts'
import {
  checkAddresses,
  checkLink,
  checkMac,
  checkRoutes,
  checkUp,
  containerInterface,
  requirePrevResult,
} from '../../link/check-interface.ts'
import { type OpenNetns, openNetns } from '../../link/net-context.ts'
import { checkError } from '../../request/check-error.ts'
import { checkMasquerade } from '../../rules/masquerade/index.ts'
import { isBridge } from './bridge-link.ts'
import { type BridgeConfig, loadBridgeConfig, vlanGatewayName } from './config.ts'
import { planGateways } from './gateway.ts'

/** `<linux/netdevice.h> NET_ADDR_SET`: somebody has set the hardware address. */
const NET_ADDR_SET = '3'

/** Checks that a container is attached as its ADD said. */
export async function check(request: Request): Promise<void> {
  const config = loadBridgeConfig(request)
  using container = openNetns(request, request.netns)
  using host = openNetns(request, request.hostNetns)
  if (config.ipamType !== '') await request.delegate(config.ipamType, 'CHECK')
  const result = requirePrevResult(request)
  const bridge = await checkBridge(host, config, result)
  const expected = containerInterface(request, result)
  const link = await checkLink(container, expected, 'veth')
  if (!config.disableContainerInterface) checkUp(link)
  const port = await checkPort(host, { bridge, link, result, config })
  const ips = (result.ips ?? []).filter((ip) => result.interfaces?.[ip.interface ?? -1]?.name === request.ifName)
  await checkAddresses(container, link, { ips })
  await checkRoutes(container, link, result.routes ?? [])
  await checkGateway(host, { config, bridge, ips })
  const addresses = ips.map(({ address }) => address)
  if (config.ipMasq) await checkMasquerade(request, config, addresses)
  if (!config.macspoofchk) return
  const { checkSpoofCheck } = await import('./spoof-check.ts')
  await checkSpoofCheck(request, { ifName: port.ifname ?? '', mac: String(link.address) })
}

async function checkBridge(host: OpenNetns, config: BridgeConfig, result: Result): Promise<Link> {
  const expected = (result.interfaces ?? []).find(({ name, sandbox }) => name === config.bridge && !sandbox)
  const link = expected && (await findLink(host.route, expected.name))
  if (!link || !isBridge(link)) throw checkError(`CNI created bridge ${config.bridge} in host namespace was not found`)
  const mac = String(link.address)
  if (expected.mac !== undefined && expected.mac.toLowerCase() !== mac && hasMacForGood(host, config.bridge))
    throw checkError(`Bridge interface ${config.bridge} Mac ${mac} doesn't match expected Mac ${expected.mac}`)
  const promisc = (link.flags & IFF.PROMISC) !== 0
  if (promisc !== config.promiscMode)
    throw checkError(
      `Bridge interface ${config.bridge} configured Promisc Mode ${config.promiscMode} doesn't match current state of ${promisc}`,
    )
  checkUp(link)
  checkAdvertisements(host, config.bridge)
  return link
}

/** A bridge whose hardware address nobody has set has that of one of its ports, and so another one when ports come and go. */
function hasMacForGood(host: OpenNetns, bridge: string): boolean {
  return readLinkFile(host.netns, bridge, 'addr_assign_type') === NET_ADDR_SET
}

/** The host's end: a listed interface whose peer is the container's and whose master is the bridge. */
async function checkPort(
  host: OpenNetns,
  options: { bridge: Link; link: Link; result: Result; config: BridgeConfig },
): Promise<Link> {
  const { bridge, link, result, config } = options
  for (const candidate of (result.interfaces ?? []).filter(({ sandbox }) => !sandbox)) {
    const end = await portOf(host, candidate, { bridge, link })
    if (!end) continue
    checkMac(end, candidate)
    checkUp(end)
    checkFlags(end, config)
    checkAdvertisements(host, candidate.name)
    return end
  }
  throw checkError(`CNI veth created for bridge ${config.bridge} was not found`)
}

async function portOf(
  host: OpenNetns,
  candidate: Interface,
  { bridge, link }: { bridge: Link; link: Link },
): Promise<Link | undefined> {
  const end = await findLink(host.route, candidate.name)
  return end?.linkinfo?.link?.kind === 'veth' && end.link === link.index && end.master === bridge.index
    ? end
    : undefined
}

function checkFlags({ ifname, linkinfo }: Link, { hairpinMode, portIsolation }: BridgeConfig): void {
  const { mode = false, isolated = false } = (linkinfo?.port?.kind === 'bridge' && linkinfo.port.data) || {}
  const check = (what: string, { wanted, is, key }: { wanted: boolean; is: boolean; key: string }) => {
    if (wanted !== is)
      throw checkError(
        `Cannot use port "${ifname}" of the bridge: ${what} is ${is} instead of ${wanted} (key "${key}")`,
      )
  }
  check('hairpin mode', { wanted: hairpinMode, is: mode, key: 'hairpinMode' })
  check('its isolation', { wanted: portIsolation, is: isolated, key: 'portIsolation' })
}

/** Checks that the host is the gateway of the container's addresses. */
async function checkGateway(
  host: OpenNetns,
  { config, bridge, ips }: { config: BridgeConfig; bridge: Link; ips: readonly IPConfig[] },
): Promise<void> {
  const { gateways } = planGateways(config, { ips, routes: [] })
  if (gateways.length === 0) return
  const name = vlanGatewayName(config)
  const link = config.vlan === 0 ? bridge : await findLink(host.route, name, { as: linkSummary })
  if (!link) throw checkError(`Cannot find interface "${name}" of the host: it is gone`)
  checkUp(link)
  await checkGateways(host, link, gateways)
  checkForwarding(
    host,
    gateways.map(({ family }) => family),
  )
  // In a VRF the routes are in a table of its own.
  if (link !== bridge || bridge.master === undefined)
    await checkReached(
      host,
      link,
      ips.filter(({ gateway }) => gateway).map(({ address }) => address),
    )
}
