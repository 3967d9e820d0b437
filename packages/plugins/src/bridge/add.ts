import type { MAC } from '@patchbay/address'
import type { Request } from '@patchbay/cni/plugin'
import type { Interface, Result } from '@patchbay/cni/types'
import { deleteLink, getLink, setLink } from '@patchbay/linux/route'
import { configureInterface } from '../configure-interface.ts'
import { announceAddresses, detectDuplicates } from '../container-sysctls.ts'
import { macForContainer } from '../deterministic-mac.ts'
import { type Host, openHost } from '../hosts.ts'
import { allocateAddresses } from '../ipam.ts'
import { ensureMasquerade } from '../masquerade/index.ts'
import { resultDns } from '../result-dns.ts'
import { UndoStack } from '../undo-stack.ts'
import type { VethPair } from '../veth-pair.ts'
import { type BridgeLink, ensureBridge } from './bridge-link.ts'
import { type BridgeConfig, checkForAdd, loadBridgeConfig } from './config.ts'
import { planGateways, serveGateways } from './gateway.ts'
import { waitUntilUp } from './operational.ts'
import { makePort, portSettings } from './port.ts'

/** Index of the container's interface in the result: after the bridge and the host's end. */
const CONTAINER_INTERFACE = 2

/** Everything that the steps of one ADD share. */
interface Attachment {
  request: Request
  config: BridgeConfig
  host: Host
  container: Host
  bridge: BridgeLink
  pair: VethPair
  undo: UndoStack
}

/** What a step adds to the result. */
interface Outcome extends Pick<Result, 'ips' | 'routes' | 'dns'> {
  /** Hardware address of the container's interface, when it is not the one it was made with. */
  mac?: MAC | undefined
  vlanGateway?: Interface | undefined
}

/** Attaches a container to the bridge of its network, which is made when it is not there. */
export async function add(request: Request): Promise<Result> {
  const config = loadBridgeConfig(request)
  checkForAdd(config)
  using host = openHost(request.hostNetns)
  const bridge = await ensureBridge(host, config)
  using container = openHost(request.netns)
  await using undo = new UndoStack(request.warn)
  const pair = await makePort(host, container, {
    ifName: request.ifName,
    mtu: config.mtu,
    mac: config.mac,
    port: portSettings(config, bridge.link.index),
    made: ({ host: end }) => undo.push(`make link "${end.ifname}"`, () => deleteLink(host.route, end.index)),
  })
  const attachment = { request, config, host, container, bridge, pair, undo }
  const outcome = config.ipamType === '' ? await attachLayer2(attachment) : await attachLayer3(attachment)
  const interfaces = await describeInterfaces(attachment, outcome)
  undo.keep()
  const { ips = [], routes = [], dns } = outcome
  return { cniVersion: request.cniVersion, interfaces, ips, routes, dns: resultDns(config.dns, dns) }
}

async function attachLayer2(attachment: Attachment): Promise<Outcome> {
  const { config, container, pair } = attachment
  await checkSpoofing(attachment)
  if (!config.disableContainerInterface) await setLink(container.route, pair.container.index, { up: true })
  return {}
}

async function attachLayer3(attachment: Attachment): Promise<Outcome> {
  const { request, config, host, container, bridge, pair, undo } = attachment
  const { ifName } = request
  const ipam = await allocateAddresses(request, config.ipamType, undo)
  const { ips, routes, gateways } = planGateways(config, {
    ips: ipam.ips.map((ip) => ({ ...ip, interface: CONTAINER_INTERFACE })),
    routes: ipam.routes ?? [],
  })
  detectDuplicates(container, ifName, config.enabledad)
  announceAddresses(container, ifName, { ipv6: false })
  const mac = await macForContainer(container, pair.container.index, {
    ...config,
    requested: config.mac !== undefined,
    ips,
  })
  await checkSpoofing(attachment, mac)
  await configureInterface(
    container,
    { index: pair.container.index, ifName },
    { interfaces: [{ name: config.bridge }, { name: pair.host.ifname }, { name: ifName }], ips, routes },
    { mac, warn: request.warn },
  )
  const vlanGateway = await serveGateways(host, config, { bridge: bridge.link, gateways })
  if (config.ipMasq) await ensureMasquerade(request, config, { addresses: ips.map(({ address }) => address), undo })
  return { ips, routes, vlanGateway, mac, ...(ipam.dns && { dns: ipam.dns }) }
}

/** Before the interface comes up, so that no frame is too early. */
async function checkSpoofing({ request, config, pair, undo }: Attachment, mac?: MAC): Promise<void> {
  if (!config.macspoofchk) return
  const { ensureSpoofCheck, removeSpoofCheck } = await import('./spoof-check.ts')
  undo.push('spoof-check', () => removeSpoofCheck(request))
  await ensureSpoofCheck(request, { ifName: pair.host.ifname, mac: String(mac ?? pair.container.address) })
}

async function describeInterfaces(attachment: Attachment, { mac, vlanGateway }: Outcome): Promise<Interface[]> {
  const { request, config, host, bridge, pair } = attachment
  const port = config.disableContainerInterface ? pair.host : await waitUntilUp(host, pair.host.index)
  // The bridge may have taken the address of its new port.
  const { address } = await getLink(host.route, bridge.link.index)
  return [
    { name: config.bridge, mac: String(address) },
    { name: pair.host.ifname, mac: String(port.address) },
    { name: request.ifName, mac: String(mac ?? pair.container.address), sandbox: request.netns },
    ...(vlanGateway ? [vlanGateway] : []),
  ]
}
