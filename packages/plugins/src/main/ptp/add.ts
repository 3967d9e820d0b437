import { CIDR, type IP, type MAC } from '@patchbay/address'
import type { Request } from '@patchbay/cni/plugin'
import type { IPConfig, Result } from '@patchbay/cni/types'
import { addAddressRequest, addRouteRequest, deleteLink, IFA_F, setLinkRequest } from '@patchbay/linux/route'
import { asAddress, configureInterface } from '../../link/configure-interface.ts'
import { detectDuplicates } from '../../link/container-sysctls.ts'
import { deterministicMac, macSource } from '../../link/deterministic-mac.ts'
import { ensureForwarding } from '../../link/forwarding.ts'
import { acceptNoRouterAdvertisements, disableIpv6, expectNoDuplicates } from '../../link/host-ipv6.ts'
import { checkMtu, configuredMtu } from '../../link/link-mtu.ts'
import { type ContainerLink, type OpenNetns, openNetns } from '../../link/net-context.ts'
import { type KernelStep, sendSteps } from '../../link/send-steps.ts'
import { addVethPair, type VethPair } from '../../link/veth-pair.ts'
import { waitUntilUp } from '../../link/wait-until-up.ts'
import { checkMasqueradeConfig, ensureMasquerade } from '../../rules/masquerade/index.ts'
import { type Addressing, type AttachSteps, attach, type MadeLink, type Opened, type Ready } from '../attach.ts'
import type { IpamResult } from '../ipam.ts'
import { loadPtpConfig, type PtpConfig } from './config.ts'
import { containerRoutes } from './container-routes.ts'
import { hostRoute } from './host-route.ts'

/** How long the host's end may take to be ready once both ends are up. When it is not, the container is attached all the same. */
const OPERATIONAL_MS = 2500

/** An address of the container with the gateway that everything goes through. */
interface RoutedIP extends IPConfig {
  gateway: IP
}

/** Everything that the steps of one ADD share. */
interface Attaching extends Opened {
  config: PtpConfig
}

/** The container's end of the pair, and the pair. */
interface PairLink extends MadeLink {
  pair: VethPair
}

interface Prepared extends Addressing {
  ips: RoutedIP[]
  /** The hardware address of the host's end, where it goes by its addresses. */
  hostMac: MAC | undefined
}

/** Attaches a container to the host alone: all it sends goes to the host, which routes it. */
export async function add(request: Request): Promise<Result> {
  const config = loadPtpConfig(request)
  checkMasqueradeConfig(config)
  checkMtu(config.mtu)
  return attach(request, config, async (opened) => stepsOf({ ...opened, config }))
}

function stepsOf(attaching: Attaching): AttachSteps<PairLink, Prepared> {
  const { mtu, deterministicMac } = attaching.config
  return {
    mtu: configuredMtu(mtu),
    macPolicy: { deterministicMac, requested: false },
    first: 'addresses',
    makeLink: () => makePair(attaching),
    prepare: (ipam) => prepare(attaching, ipam),
    configure: (made) => configure(attaching, made),
    describe: (own, { link, prepared }) => [
      { name: link.pair.ifname, mac: String(prepared?.hostMac ?? link.pair.address) },
      own,
    ],
  }
}

async function makePair({ request, config, host, container, undo }: Attaching): Promise<PairLink> {
  const mtu = config.mtu > 0 ? config.mtu : undefined
  const { ifName } = request
  const pair = await addVethPair(host, container, { ifName, mtu, owner: request })
  undo.push(`make link "${pair.ifname}"`, () => deleteLink(host.route, pair.index))
  return { index: pair.peerIndex, ifName, pair }
}

/** What the host needs for the container's addresses. */
async function prepare({ request, config, undo }: Attaching, ipam: IpamResult): Promise<Prepared> {
  const ips = ipam.ips.map((ip) => routed(request.ifName, ip))
  // By a socket of its own: the kernel is busy with the pair by the other.
  using host = openNetns(request, request.hostNetns)
  for (const version of versionsOf(ips)) await ensureForwarding(host, version)
  if (config.ipMasq) await ensureMasquerade(request, config, { addresses: ips.map(({ address }) => address), undo })
  return { ips, routes: ipam.routes ?? [], hostMac: await hostMacOf(config, ips) }
}

/** @throws Error when there is no gateway: there would be no way out of the container */
function routed(ifName: string, ip: IPConfig): RoutedIP {
  const { gateway } = ip
  if (!gateway)
    throw new Error(
      `Cannot attach "${ifName}": the IPAM plugin gave address ${ip.address} without a gateway, and all traffic goes through one; set "gateway" in its configuration`,
    )
  return { ...ip, gateway }
}

function versionsOf(ips: readonly RoutedIP[]): (4 | 6)[] {
  return ([4, 6] as const).filter((version) => ips.some(({ address }) => address.family === version))
}

/** The hardware address of the host's end; the container's end gets one by the same rule. */
async function hostMacOf(
  { deterministicMac: isWanted }: PtpConfig,
  ips: readonly RoutedIP[],
): Promise<MAC | undefined> {
  const source = isWanted ? macSource(ips.map(({ gateway }) => gateway)) : undefined
  return source && (await deterministicMac(source))
}

async function configure(
  { request, host, container }: Attaching,
  { link, mac, prepared }: Ready<PairLink, Prepared>,
): Promise<void> {
  const { ips, hostMac } = prepared
  const { pair } = link
  // The only neighbour is the host, so that no one can have the address already.
  detectDuplicates(container, link.ifName, false)
  const options = { mac: mac.wanted, networkRoutes: containerRoutes(ips), warn: request.warn }
  await configureHostEnd(host, { index: pair.index, ifName: pair.ifname }, { ips, mac: hostMac })
  await configureInterface(container, link, prepared, options)
  await waitUntilUp(host, pair.index, OPERATIONAL_MS)
}

async function configureHostEnd(
  host: OpenNetns,
  { index, ifName }: ContainerLink,
  { ips, mac }: { ips: readonly RoutedIP[]; mac: MAC | undefined },
): Promise<void> {
  if (versionsOf(ips).includes(6)) {
    acceptNoRouterAdvertisements(host, ifName)
    expectNoDuplicates(host, ifName)
  } else disableIpv6(host, ifName)
  const gateways = new Map(ips.map(({ gateway }) => [String(gateway), CIDR.of(gateway, gateway.bits)]))
  const steps: KernelStep[] = [
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
  await sendSteps(host, steps, { mayExist: true })
}
