import type { MAC } from '@patchbay/address'
import type { Request } from '@patchbay/cni/plugin'
import type { Interface, IPConfig, Result, Route } from '@patchbay/cni/types'
import { getLinkRequest, IF_OPER, IFF, type LinkSummary, linkSummary, setLink } from '@patchbay/linux/route'
import { configureInterface } from '../../link/configure-interface.ts'
import { detectDuplicates } from '../../link/container-sysctls.ts'
import { checkMtuForAddresses, configuredMtu } from '../../link/link-mtu.ts'
import { openNetns } from '../../link/net-context.ts'
import type { VethPair } from '../../link/veth-pair.ts'
import { parseRequestedMac } from '../../request/requested-mac.ts'
import { ensureMasquerade } from '../../rules/masquerade/index.ts'
import {
  type Addressing,
  type AttachSteps,
  attach,
  type Made,
  type MadeLink,
  type Opened,
  type Ready,
} from '../attach.ts'
import type { IpamResult } from '../ipam.ts'
import { type Bridge, ensureBridge } from './bridge-link.ts'
import { type BridgeConfig, checkForAdd, loadBridgeConfig } from './config.ts'
import { NO_MAC, planGateways, serveGateways } from './gateway.ts'
import { makePort, portSettings, waitForPort } from './port.ts'
import { mtuOfPort } from './port-mtu.ts'

/** Everything that the steps of one ADD share. */
interface Attaching extends Opened {
  config: BridgeConfig
  bridge: Bridge
  /** The hardware address that was asked for. */
  requestedMac: MAC | undefined
}

/** The container's end of the pair, and the pair. */
interface PortLink extends MadeLink {
  pair: VethPair
}

/** What the network has for a container's addresses. */
interface PreparedLayer3 extends Addressing {
  ips: IPConfig[]
  routes: Route[]
  vlanGateway: Interface | undefined
}

/** Attaches a container to the bridge of its network, which is made when it is not there. */
export async function add(request: Request): Promise<Result> {
  const config = loadBridgeConfig(request)
  checkForAdd(config)
  return attach(request, { ...config, ipamType: config.ipamType || undefined }, (opened) => begin(opened, config))
}

async function begin(opened: Opened, config: BridgeConfig): Promise<AttachSteps<PortLink, PreparedLayer3>> {
  const requestedMac = parseRequestedMac(config.mac, (reason) => `failed to make veth pair: ${reason}`)
  // Before the bridge is made, which stays.
  const mtu = configuredMtu(config.mtu)
  await opened.allocation?.allocateForSmallMtu(mtu)
  const bridge = await ensureBridge(opened.host, config)
  const attaching = { ...opened, config, bridge, requestedMac }
  return {
    mtu,
    macPolicy: { deterministicMac: config.deterministicMac, requested: requestedMac !== undefined },
    makeLink: () => makePortOf(attaching),
    preparesAfterLink: !isInUse(bridge),
    prepare: (ipam) => prepareLayer3(attaching, ipam),
    configure: (made) => configureLayer3(attaching, made),
    setUp: (made) => setUpLayer2(attaching, made),
    describe: (own, made) => describeInterfaces(attaching, own, made),
  }
}

async function makePortOf({
  request,
  config,
  host,
  container,
  bridge,
  requestedMac,
  undo,
}: Attaching): Promise<PortLink> {
  const port = portSettings(config, bridge.index)
  const { mtu } = config
  const { ifName, warn } = request
  const hostMtu = mtu > 0 ? await mtuOfPort(host, { bridge, mtu, warn }) : undefined
  const pair = await makePort(host, container, { ifName, mtu, hostMtu, mac: requestedMac, owner: request, port, undo })
  return { index: pair.peerIndex, ifName, pair }
}

/**
 * Whether a bridge is as it will stay with one more port. One that is set up while it gets its first port may never have its
 * state told by the kernel, and one that has lost all its ports has no hardware address until the next.
 */
function isInUse({ flags, address }: LinkSummary): boolean {
  return (flags & IFF.UP) !== 0 && String(address) !== NO_MAC
}

/** What the network needs for the container's addresses. */
async function prepareLayer3({ request, config, bridge, undo }: Attaching, ipam: IpamResult): Promise<PreparedLayer3> {
  // By a socket of its own: the kernel is busy with the port by the other.
  using host = openNetns(request, request.hostNetns)
  const { ips, routes, gateways } = planGateways(config, { ips: ipam.ips, routes: ipam.routes ?? [] })
  checkMtuForAddresses(config.bridge, { bytes: bridge.mtu ?? 0, from: 'that of the bridge' }, gateways)
  const vlanGateway = await serveGateways(host, config, { bridge, gateways, ips, warn: request.warn })
  if (config.ipMasq) await ensureMasquerade(request, config, { addresses: ips.map(({ address }) => address), undo })
  return { ips, routes, vlanGateway }
}

async function configureLayer3(
  attaching: Attaching,
  { link, mac, prepared }: Ready<PortLink, PreparedLayer3>,
): Promise<void> {
  const { request, config, container } = attaching
  detectDuplicates(container, link.ifName, config.enabledad)
  await checkSpoofing(attaching, { link, mac })
  await configureInterface(container, link, prepared, { mac: mac.wanted, announced: true, warn: request.warn })
}

async function setUpLayer2(attaching: Attaching, made: Made<PortLink>): Promise<void> {
  const { config, container } = attaching
  await checkSpoofing(attaching, made)
  if (!config.disableContainerInterface) await setLink(container.route, made.link.index, { up: true })
}

/** Before the interface comes up, so that no frame is too early. */
async function checkSpoofing({ request, config, undo }: Attaching, { link, mac }: Made<PortLink>): Promise<void> {
  if (!config.macspoofchk) return
  const { ensureSpoofCheck, removeSpoofCheck } = await import('./spoof-check.ts')
  undo.push('spoof-check', () => removeSpoofCheck(request))
  await ensureSpoofCheck(request, { ifName: link.pair.ifname, mac: String(mac.address) })
}

async function describeInterfaces(
  { config, host, bridge }: Attaching,
  own: Interface,
  { link: { pair }, prepared }: { link: PortLink; prepared: PreparedLayer3 | undefined },
): Promise<Interface[]> {
  // The bridge may have taken the address of its new port.
  const [end, bridgeNow] = await host.route.getEach([pair.index, bridge.index].map(getLinkRequest), linkSummary)
  if (!config.disableContainerInterface && end?.operstate !== IF_OPER.UP) await waitForPort(host, pair.index)
  return [
    { name: config.bridge, mac: String(bridgeNow?.address) },
    { name: pair.ifname, mac: String(end?.address) },
    own,
    ...(prepared?.vlanGateway ? [prepared.vlanGateway] : []),
  ]
}
