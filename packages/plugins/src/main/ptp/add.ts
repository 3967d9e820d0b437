import { CIDR, type IP, type MAC } from '@patchbay/address'
import type { Request } from '@patchbay/cni/plugin'
import type { IPConfig, Result } from '@patchbay/cni/types'
import {
  addAddressRequest,
  addRouteRequest,
  deleteLink,
  getLink,
  IFA_F,
  type Route as KernelRoute,
  linkSummary,
  RT_SCOPE,
  setLinkRequest,
} from '@patchbay/linux/route'
import { carryOut, type Step } from '../../link/carry-out.ts'
import { asAddress, configureInterface } from '../../link/configure-interface.ts'
import { detectDuplicates } from '../../link/container-sysctls.ts'
import { deterministicMac, macSource } from '../../link/deterministic-mac.ts'
import { ensureForwarding } from '../../link/forwarding.ts'
import { acceptNoRouterAdvertisements, disableIpv6, expectNoDuplicates } from '../../link/host-ipv6.ts'
import { type ContainerLink, type Host, openHost } from '../../link/hosts.ts'
import { checkMtu, checkMtuForAddresses } from '../../link/link-mtu.ts'
import { awaitOperational } from '../../link/operational-state.ts'
import { addVethPair, type VethPair } from '../../link/veth-pair.ts'
import { UndoStack } from '../../request/undo-stack.ts'
import { checkMasqueradeConfig, ensureMasquerade } from '../../rules/masquerade/index.ts'
import { allocateForSmallMtu, checkConfiguredRoutes, type IpamResult, makeLinkAndAllocate } from '../ipam.ts'
import { resultDns } from '../result-dns.ts'
import { loadPtpConfig, type PtpConfig } from './config.ts'
import { hostRoute } from './host-route.ts'

/** Index of the container's interface in the result: after the host's end. */
const CONTAINER_INTERFACE = 1

/** How long the host's end may take to be ready once both ends are up. When it is not, the container is attached all the same. */
const OPERATIONAL_MS = 2500

/** An address of the container with the gateway that everything goes through. */
interface RoutedIP extends IPConfig {
  gateway: IP
}

/** Attaches a container to the host alone: all it sends goes to the host, which routes it. */
export async function add(request: Request): Promise<Result> {
  const config = loadPtpConfig(request)
  checkMasqueradeConfig(config)
  checkMtu(config.mtu)
  checkConfiguredRoutes(request, config.ipamType)
  // Opened first, so that it is closed last: taking a step back needs it.
  using host = openHost(request.hostNetns)
  using container = openHost(request.netns)
  using pairHost = openHost(request.hostNetns)
  await using undo = new UndoStack(request.warn)
  const { link: pair, prepared } = await makeLinkAndAllocate(request, {
    ...config,
    container,
    undo,
    allocated: await allocateForSmallMtu(request, config.mtu, { ...config, container, undo }),
    makeLink: () => makePair(request, { config, host: pairHost, container, undo }),
    prepare: (ipam) => prepare(request, { config, host, ipam, undo }),
    first: 'addresses',
  })
  const { ips, routes } = prepared
  const macs = await macsOf(config, ips)
  const link = { index: pair.peerIndex, ifName: request.ifName }
  const farMac = macs.container ?? (await getLink(container.route, link.index, { as: linkSummary })).address
  const interfaces = [
    { name: pair.ifname, mac: String(macs.host ?? pair.address) },
    { name: request.ifName, mac: String(farMac), sandbox: request.netns },
  ]
  const result = { cniVersion: request.cniVersion, interfaces, ips, routes }
  // The only neighbour is the host, so that no one can have the address already.
  detectDuplicates(container, request.ifName, false)
  const options = { mac: macs.container, networkRoutes: containerRoutes(ips), warn: request.warn }
  await configureHostEnd(host, { index: pair.index, ifName: pair.ifname }, { ips, mac: macs.host })
  await configureInterface(container, link, result, options)
  await awaitOperational(host, pair.index, OPERATIONAL_MS)
  undo.keep()
  return { ...result, dns: resultDns(config.dns, prepared.dns) }
}

/** What the host needs for the container's addresses. */
async function prepare(
  request: Request,
  { config, host, ipam, undo }: { config: PtpConfig; host: Host; ipam: IpamResult; undo: UndoStack },
) {
  checkMtuForAddresses({ name: request.ifName, mtu: config.mtu }, ipam.ips)
  const ips = ipam.ips.map((ip) => routed(request.ifName, ip))
  for (const version of versionsOf(ips)) await ensureForwarding(host, version)
  if (config.ipMasq) await ensureMasquerade(request, config, { addresses: ips.map(({ address }) => address), undo })
  return { ips, routes: ipam.routes ?? [], dns: ipam.dns }
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
  { config, host, container, undo }: { config: PtpConfig; host: Host; container: Host; undo: UndoStack },
): Promise<VethPair> {
  const mtu = config.mtu > 0 ? config.mtu : undefined
  const pair = await addVethPair(host, container, { ifName: request.ifName, mtu, owner: request })
  undo.push(`make link "${pair.ifname}"`, () => deleteLink(host.route, pair.index))
  return pair
}

/** The hardware addresses of both ends, where they go by the addresses. */
async function macsOf({ deterministicMac: wanted }: PtpConfig, ips: readonly RoutedIP[]) {
  const macOf = async (of: (ip: RoutedIP) => IP) => {
    const source = wanted ? macSource(ips.map(of)) : undefined
    return source && (await deterministicMac(source))
  }
  return { host: await macOf(({ gateway }) => gateway), container: await macOf(({ address }) => address.address) }
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

async function configureHostEnd(
  host: Host,
  { index, ifName }: ContainerLink,
  { ips, mac }: { ips: readonly RoutedIP[]; mac: MAC | undefined },
): Promise<void> {
  if (versionsOf(ips).includes(6)) {
    acceptNoRouterAdvertisements(host, ifName)
    expectNoDuplicates(host, ifName)
  } else disableIpv6(host, ifName)
  const gateways = new Map(ips.map(({ gateway }) => [String(gateway), CIDR.of(gateway, gateway.bits)]))
  const steps: Step[] = [
    { what: () => `set "${ifName}" UP`, request: setLinkRequest(index, { address: mac, up: true }) },
  ]
  for (const gateway of gateways.values())
    steps.push({
      what: () => `add IP addr ${gateway} to "${ifName}"`,
      request: addAddressRequest({ ...asAddress(index, gateway), flags: gateway.family === 6 ? IFA_F.NODAD : 0 }),
    })
  for (const { address } of ips) {
    const route = hostRoute(address, index)
    steps.push({ what: () => `add route ${route.dst} dev ${ifName}`, request: addRouteRequest(route) })
  }
  await carryOut(host, steps, { mayExist: true })
}
