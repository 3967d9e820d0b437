import type { MAC } from '@patchbay/address'
import type { Request } from '@patchbay/cni/plugin'
import type { Interface, Result } from '@patchbay/cni/types'
import { getLink, getLinkRequest, IF_OPER, IFF, type LinkSummary, linkSummary, setLink } from '@patchbay/linux/route'
import { configureInterface } from '../../link/configure-interface.ts'
import { detectDuplicates } from '../../link/container-sysctls.ts'
import { macForContainer } from '../../link/deterministic-mac.ts'
import { type Host, openHost } from '../../link/hosts.ts'
import { checkMtuForAddresses } from '../../link/link-mtu.ts'
import { parseRequestedMac, type VethPair } from '../../link/veth-pair.ts'
import { UndoStack } from '../../request/undo-stack.ts'
import { ensureMasquerade } from '../../rules/masquerade/index.ts'
import { allocateForSmallMtu, checkConfiguredRoutes, type IpamResult, makeLinkAndAllocate } from '../ipam.ts'
import { checkLayer2Version } from '../layer2-version.ts'
import { resultDns } from '../result-dns.ts'
import { type Bridge, ensureBridge } from './bridge-link.ts'
import { type BridgeConfig, checkForAdd, loadBridgeConfig } from './config.ts'
import { NO_MAC, planGateways, serveGateways } from './gateway.ts'
import { waitUntilUp } from './operational.ts'
import { makePort, portSettings } from './port.ts'

/** Index of the container's interface in the result: after the bridge and the host's end. */
const CONTAINER_INTERFACE = 2

/** Everything that the steps of one ADD share. */
interface Attachment {
  request: Request
  config: BridgeConfig
  host: Host
  /** The host by a socket of its own: the kernel is busy with the port while other things are done. */
  portHost: Host
  container: Host
  bridge: Bridge
  /** The hardware address that was asked for. */
  requestedMac: MAC | undefined
  undo: UndoStack
  /** Addresses that were allocated before there was a bridge. */
  allocated: IpamResult | undefined
}

/** What a step adds to the result. */
interface Outcome extends Pick<Result, 'ips' | 'routes' | 'dns'> {
  pair: VethPair
  /** Hardware address of the container's interface. */
  mac: LinkSummary['address']
  vlanGateway?: Interface | undefined
}

/** Attaches a container to the bridge of its network, which is made when it is not there. */
export async function add(request: Request): Promise<Result> {
  const config = loadBridgeConfig(request)
  checkForAdd(config)
  if (config.ipamType === '') checkLayer2Version(request.cniVersion)
  checkConfiguredRoutes(request, config.ipamType)
  using host = openHost(request.hostNetns)
  using container = openHost(request.netns)
  using portHost = openHost(request.hostNetns)
  const requestedMac = parseRequestedMac(config.mac)
  await using undo = new UndoStack(request.warn)
  const allocated = await allocateForSmallMtu(request, config.mtu, { ...config, container, undo })
  const bridge = await ensureBridge(host, config)
  const attachment = { request, config, host, portHost, container, bridge, requestedMac, undo, allocated }
  const outcome = config.ipamType === '' ? await attachLayer2(attachment) : await attachLayer3(attachment)
  const interfaces = await describeInterfaces(attachment, outcome)
  undo.keep()
  const { ips = [], routes = [], dns } = outcome
  return { cniVersion: request.cniVersion, interfaces, ips, routes, dns: resultDns(config.dns, dns) }
}

async function attachLayer2(attachment: Attachment): Promise<Outcome> {
  const { config, container } = attachment
  const pair = await makePortOf(attachment)
  const { address } = await getLink(container.route, pair.peerIndex, { as: linkSummary })
  await checkSpoofing(attachment, { pair, mac: address })
  if (!config.disableContainerInterface) await setLink(container.route, pair.peerIndex, { up: true })
  return { pair, mac: address }
}

async function attachLayer3(attachment: Attachment): Promise<Outcome> {
  const { request, config, container, bridge, undo } = attachment
  const { ifName } = request
  let port: Promise<VethPair> | undefined
  const attached = await makeLinkAndAllocate(request, {
    ...config,
    container,
    undo,
    allocated: attachment.allocated,
    makeLink: () => {
      port = makePortOf(attachment)
      return port
    },
    prepare: async (ipam) => {
      if (!isInUse(bridge)) await port
      return prepareLayer3(attachment, ipam)
    },
  })
  const { link: pair, prepared, isLinkUsed } = attached
  const { ips, routes } = prepared
  detectDuplicates(container, ifName, config.enabledad)
  const look = () => getLink(container.route, pair.peerIndex, { as: linkSummary })
  const link = isLinkUsed ? await look() : { flags: 0 }
  const newMac = await macForContainer(link, { ...config, requested: config.mac !== undefined, ips })
  const mac = newMac ?? (await look()).address
  await checkSpoofing(attachment, { pair, mac })
  await configureInterface(
    container,
    { index: pair.peerIndex, ifName },
    { interfaces: [{ name: config.bridge }, { name: pair.ifname }, { name: ifName }], ips, routes },
    { mac: newMac, announced: true, warn: request.warn },
  )
  return { pair, mac, ...prepared }
}

/**
 * Whether a bridge is as it will stay with one more port. One that is set up while it gets its first port may never have its
 * state told by the kernel, and one that has lost all its ports has no hardware address until the next.
 */
function isInUse({ flags, address }: LinkSummary): boolean {
  return (flags & IFF.UP) !== 0 && String(address) !== NO_MAC
}

/** What the network needs for the container's addresses. */
async function prepareLayer3({ request, config, host, bridge, undo }: Attachment, ipam: IpamResult) {
  const { ips, routes, gateways } = planGateways(config, {
    ips: ipam.ips.map((ip) => ({ ...ip, interface: CONTAINER_INTERFACE })),
    routes: ipam.routes ?? [],
  })
  checkMtuForAddresses({ name: request.ifName, mtu: config.mtu }, ips)
  checkMtuForAddresses({ name: config.bridge, mtu: bridge.mtu ?? 0 }, config.isGateway ? ips : [])
  const vlanGateway = await serveGateways(host, config, { bridge, gateways, ips, warn: request.warn })
  if (config.ipMasq) await ensureMasquerade(request, config, { addresses: ips.map(({ address }) => address), undo })
  return { ips, routes, vlanGateway, ...(ipam.dns && { dns: ipam.dns }) }
}

function makePortOf({
  request,
  config,
  portHost,
  container,
  bridge,
  requestedMac,
  undo,
}: Attachment): Promise<VethPair> {
  const port = portSettings(config, bridge.index)
  const { mtu } = config
  const { ifName } = request
  return makePort(portHost, container, { ifName, mtu, mac: requestedMac, owner: request, port, undo })
}

/** Before the interface comes up, so that no frame is too early. */
async function checkSpoofing(
  { request, config, undo }: Attachment,
  { pair, mac }: Pick<Outcome, 'pair' | 'mac'>,
): Promise<void> {
  if (!config.macspoofchk) return
  const { ensureSpoofCheck, removeSpoofCheck } = await import('./spoof-check.ts')
  undo.push('spoof-check', () => removeSpoofCheck(request))
  await ensureSpoofCheck(request, { ifName: pair.ifname, mac: String(mac) })
}

async function describeInterfaces(attachment: Attachment, outcome: Outcome): Promise<Interface[]> {
  const { request, config, host, bridge } = attachment
  const { pair, mac, vlanGateway } = outcome
  // The bridge may have taken the address of its new port.
  const [end, bridgeNow] = await host.route.getEach([pair.index, bridge.index].map(getLinkRequest), linkSummary)
  if (!config.disableContainerInterface && end?.operstate !== IF_OPER.UP) await waitUntilUp(host, pair.index)
  return [
    { name: config.bridge, mac: String(bridgeNow?.address) },
    { name: pair.ifname, mac: String(end?.address) },
    { name: request.ifName, mac: String(mac), sandbox: request.netns },
    ...(vlanGateway ? [vlanGateway] : []),
  ]
}
