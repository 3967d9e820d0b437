import { CIDR, type IP } from '@patchbay/address'
import type { Request } from '@patchbay/cni/plugin'
import type { IPConfig, Result } from '@patchbay/cni/types'
import { isNetlinkError } from '@patchbay/linux/netlink'
import {
  addAddressRequest,
  addRouteRequest,
  deleteLink,
  type Route as KernelRoute,
  RT_SCOPE,
} from '@patchbay/linux/route'
import { asAddress, configureInterface } from '../configure-interface.ts'
import { detectDuplicates } from '../container-sysctls.ts'
import { deterministicMac, macSource } from '../deterministic-mac.ts'
import { messageOf } from '../error-message.ts'
import { ensureForwarding } from '../forwarding.ts'
import { type Host, openHost } from '../hosts.ts'
import { allocateAddresses } from '../ipam.ts'
import { checkMasqueradeConfig, ensureMasquerade } from '../masquerade/index.ts'
import { resultDns } from '../result-dns.ts'
import { UndoStack } from '../undo-stack.ts'
import { makeVethPair, type VethPair } from '../veth-pair.ts'
import { loadPtpConfig, type PtpConfig } from './config.ts'

/** Index of the container's interface in the result: after the host's end. */
const CONTAINER_INTERFACE = 1

/** An address of the container with the gateway that everything goes through. */
interface RoutedIP extends IPConfig {
  gateway: IP
}

/** Attaches a container to the host alone: all it sends goes to the host, which routes it. */
export async function add(request: Request): Promise<Result> {
  const config = loadPtpConfig(request)
  checkMasqueradeConfig(config)
  // Opened first, so that it is closed last: taking a step back needs it.
  using host = openHost(request.hostNetns)
  await using undo = new UndoStack(request.warn)
  const ipam = await allocateAddresses(request, config.ipamType, undo)
  const ips = ipam.ips.map((ip) => routed(request.ifName, ip))
  for (const version of versionsOf(ips)) ensureForwarding(host.netns, version)
  using container = openHost(request.netns)
  const { pair, macs } = await makePair(request, { config, host, container, ips })
  undo.push(`make link "${pair.host.ifname}"`, () => deleteLink(host.route, pair.host.index))
  const interfaces = [
    { name: pair.host.ifname, mac: String(macs.host ?? pair.host.address) },
    { name: request.ifName, mac: String(macs.container ?? pair.container.address), sandbox: request.netns },
  ]
  const result = { cniVersion: request.cniVersion, interfaces, ips, routes: ipam.routes ?? [] }
  const link = { index: pair.container.index, ifName: request.ifName }
  // The only neighbour is the host, so that no one can have the address already.
  detectDuplicates(container, request.ifName, false)
  await configureInterface(container, link, result, { networkRoutes: containerRoutes(ips), warn: request.warn })
  await configureHostEnd(host, pair, ips)
  if (config.ipMasq) await ensureMasquerade(request, config, { addresses: ips.map(({ address }) => address), undo })
  undo.keep()
  return { ...result, dns: resultDns(config.dns, ipam.dns) }
}

/** @throws Error when there is no gateway: there would be no way out of the container */
function routed(ifName: string, ip: IPConfig): RoutedIP {
  const { gateway } = ip
  if (!gateway)
    throw new Error(
      `Cannot attach "${ifName}": the IPAM plugin gave address ${ip.address} without a gateway, and all traffic goes through one; set "gateway" in its configuration`,
    )
  return { ...ip, gateway, interface: CONTAINER_INTERFACE }
}

function versionsOf(ips: readonly RoutedIP[]): (4 | 6)[] {
  return ([4, 6] as const).filter((version) => ips.some(({ address }) => address.family === version))
}

async function makePair(
  request: Request,
  { config, host, container, ips }: { config: PtpConfig; host: Host; container: Host; ips: readonly RoutedIP[] },
) {
  const macOf = async (of: (ip: RoutedIP) => IP) => {
    const source = config.deterministicMac ? macSource(ips.map(of)) : undefined
    return source && (await deterministicMac(source))
  }
  const macs = { host: await macOf(({ gateway }) => gateway), container: await macOf(({ address }) => address.address) }
  const pair = await makeVethPair(host, container, {
    ifName: request.ifName,
    mtu: config.mtu > 0 ? config.mtu : undefined,
    mac: macs.container && String(macs.container),
    hostSettings: { address: macs.host },
  })
  return { pair, macs }
}

/** The host is the only neighbour: the gateway is reached directly, and the rest of the network through it. */
function containerRoutes(ips: readonly RoutedIP[]): KernelRoute[] {
  const routes = new Map<string, KernelRoute>()
  const add = (route: KernelRoute) => {
    if (!routes.has(String(route.dst))) routes.set(String(route.dst), route)
  }
  for (const { address, gateway } of ips)
    add({ dst: CIDR.of(gateway, gateway.bits), scope: RT_SCOPE.LINK, prefsrc: address.address })
  for (const { address, gateway } of ips) add({ dst: address.masked(), gateway, prefsrc: address.address })
  return [...routes.values()]
}

async function configureHostEnd(host: Host, pair: VethPair, ips: readonly RoutedIP[]): Promise<void> {
  const { index, ifname } = pair.host
  const gateways = new Map(ips.map(({ gateway }) => [String(gateway), CIDR.of(gateway, gateway.bits)]))
  const attempt = async (what: string, work: () => Promise<unknown>) => {
    try {
      await work()
    } catch (error) {
      if (isNetlinkError(error, 'EEXIST')) return
      throw new Error(`failed to ${what}: ${messageOf(error)}`, { cause: error })
    }
  }
  for (const gateway of gateways.values())
    await attempt(`add IP addr ${gateway} to "${ifname}"`, () =>
      host.route.request(addAddressRequest(asAddress(index, gateway))),
    )
  for (const { address } of ips) {
    const dst = CIDR.of(address.address, address.address.bits)
    await attempt(`add route ${dst} dev ${ifname}`, () =>
      host.route.request(addRouteRequest({ dst, oif: index, scope: RT_SCOPE.HOST })),
    )
  }
}
