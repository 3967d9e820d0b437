import type { Request } from '@patchbay/cni/plugin'
import type { Interface, Result } from '@patchbay/cni/types'
import { findLink, IFF, type Link } from '@patchbay/linux/route'
import {
  checkAddresses,
  checkLink,
  checkRoutes,
  containerInterface,
  requirePrevResult,
} from '../../link/check-interface.ts'
import { type OpenNetns, openNetns } from '../../link/net-context.ts'
import { checkMasquerade } from '../../rules/masquerade/index.ts'
import { isBridge } from './bridge-link.ts'
import { type BridgeConfig, loadBridgeConfig } from './config.ts'

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
  const port = await checkPort(host, { bridge, link, result, config })
  const ips = (result.ips ?? []).filter((ip) => result.interfaces?.[ip.interface ?? -1]?.name === request.ifName)
  await checkAddresses(container, link, ips)
  await checkRoutes(container, result.routes ?? [])
  const addresses = ips.map(({ address }) => address)
  if (config.ipMasq) await checkMasquerade(request, config, addresses)
  if (!config.macspoofchk) return
  const { checkSpoofCheck } = await import('./spoof-check.ts')
  await checkSpoofCheck(request, { ifName: port.ifname ?? '', mac: String(link.address) })
}

async function checkBridge(host: OpenNetns, config: BridgeConfig, result: Result): Promise<Link> {
  const expected = (result.interfaces ?? []).find(({ name, sandbox }) => name === config.bridge && !sandbox)
  const link = expected && (await findLink(host.route, expected.name))
  if (!link || !isBridge(link)) throw new Error(`CNI created bridge ${config.bridge} in host namespace was not found`)
  const mac = String(link.address)
  if (expected.mac !== undefined && expected.mac.toLowerCase() !== mac)
    throw new Error(`Bridge interface ${config.bridge} Mac ${mac} doesn't match expected Mac ${expected.mac}`)
  const promisc = (link.flags & IFF.PROMISC) !== 0
  if (promisc !== config.promiscMode)
    throw new Error(
      `Bridge interface ${config.bridge} configured Promisc Mode ${config.promiscMode} doesn't match current state of ${promisc}`,
    )
  return link
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
    const mac = String(end.address)
    if (candidate.mac !== undefined && candidate.mac.toLowerCase() !== mac)
      throw new Error(`Interface ${candidate.name} Mac ${mac} doesn't match expected Mac ${candidate.mac}`)
    return end
  }
  throw new Error(`CNI veth created for bridge ${config.bridge} was not found`)
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
