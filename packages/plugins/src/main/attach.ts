import type { MAC } from '@patchbay/address'
import type { Request } from '@patchbay/cni/plugin'
import {
  CniError,
  type DNS,
  type Interface,
  type IPConfig,
  isAtLeast,
  type Result,
  type Route,
} from '@patchbay/cni/types'
import { getLink, type LinkSummary, linkSummary } from '@patchbay/linux/route'
import { type MacPolicy, macForContainer } from '../link/deterministic-mac.ts'
import type { LinkMtu } from '../link/link-mtu.ts'
import { type ContainerLink, type OpenNetns, openNetns } from '../link/net-context.ts'
import { UndoStack } from '../request/undo-stack.ts'
import { AddressAllocation, checkConfiguredRoutes, type IpamResult } from './ipam.ts'

/** What the configurations of all plugins that make an interface say. */
export interface AttachConfig {
  /** Type of the IPAM plugin; absent for a layer 2 network. */
  ipamType?: string | undefined
  dns?: DNS | undefined
}

/** What an ADD begins with. */
export interface Opened {
  readonly request: Request
  readonly host: OpenNetns
  readonly container: OpenNetns
  /** Takes back what the steps do. */
  readonly undo: UndoStack
  /** Absent for a layer 2 network. */
  readonly allocation: AddressAllocation | undefined
}

/** A container's interface as it was made. */
export interface MadeLink extends ContainerLink {
  /** Its hardware address; asked for when absent. */
  readonly address?: LinkSummary['address']
}

/** The hardware address of a container's interface. */
export interface InterfaceMac {
  /** What the interface gets when it is configured; absent when it keeps the one it has. */
  readonly wanted: MAC | undefined
  /** What it has then. */
  readonly address: LinkSummary['address']
}

/** What a container's interface is given. */
export interface Addressing {
  readonly ips: readonly IPConfig[]
  readonly routes: readonly Route[]
}

/** An interface that was made. */
export interface Made<L> {
  readonly link: L
  readonly mac: InterfaceMac
}

/** An interface that was made, and what was prepared for its addresses. */
export interface Ready<L, P> extends Made<L> {
  readonly prepared: P
}

/** How one plugin attaches a container: {@link attach} runs the steps in this order. */
export interface AttachSteps<L extends MadeLink, P extends Addressing> {
  /** MTU of the interface. */
  readonly mtu: LinkMtu
  readonly macPolicy: MacPolicy
  /** What comes first where the IPAM plugin may need the interface; the link when absent. */
  readonly first?: 'link' | 'addresses'
  /** Makes the interface, and has `undo` take it back. */
  readonly makeLink: () => Promise<L>
  /** Does for the addresses what can be done without the interface, while the kernel makes it. */
  readonly prepare: (ipam: IpamResult) => Promise<P>
  /** Whether `prepare` has to wait for the interface. */
  readonly preparesAfterLink?: boolean
  /** Gives the interface its addresses and routes, and sets it up. */
  readonly configure: (made: Ready<L, P>) => Promise<void>
  /** Sets the interface up in a layer 2 network. */
  readonly setUp?: (made: Made<L>) => Promise<void>
  /** Lists the interfaces of the result, among them the container's own. */
  readonly describe: (
    own: Interface,
    made: { readonly link: L; readonly prepared: P | undefined },
  ) => Promise<Interface[]> | Interface[]
}

/**
 * Attaches a container: the ADD of every plugin that makes an interface. What the steps have made is taken back when one of them
 * fails.
 *
 * @param begin finds, or makes, what the interface is made on; what it makes stays
 * @throws CniError for a configuration that cannot be carried out, Error when a namespace cannot be opened, and what the
 *   steps and the IPAM plugin throw
 */
export async function attach<L extends MadeLink, P extends Addressing>(
  request: Request,
  config: AttachConfig,
  begin: (opened: Opened) => Promise<AttachSteps<L, P>>,
): Promise<Result> {
  const { ipamType } = config
  if (ipamType === undefined) checkLayer2Version(request.cniVersion)
  else checkConfiguredRoutes(request, ipamType)
  using host = openNetns(request, request.hostNetns)
  using container = openNetns(request, request.netns)
  await using undo = new UndoStack(request.warn)
  const allocation =
    ipamType === undefined ? undefined : new AddressAllocation(request, { type: ipamType, container, undo })
  const steps = await begin({ request, host, container, undo, allocation })
  await allocation?.allocateForSmallMtu(steps.mtu)
  const { link, isLinkUsed, ipam, prepared } = await makeLinkAndAllocate(steps, allocation)
  const mac = await macOf(container, link, { ...steps.macPolicy, isLinkUsed, ips: prepared?.ips ?? [] })
  if (prepared) await steps.configure({ link, mac, prepared })
  else await steps.setUp?.({ link, mac })
  const own: Interface = { name: request.ifName, mac: String(mac.address), sandbox: request.netns }
  const interfaces = await steps.describe(own, { link, prepared })
  undo.keep()
  const ips = (prepared?.ips ?? []).map((ip) => ({ ...ip, interface: interfaces.indexOf(own) }))
  const routes = [...(prepared?.routes ?? [])]
  return { cniVersion: request.cniVersion, interfaces, ips, routes, dns: resultDns(config.dns, ipam?.dns) }
}

/**
 * Checks that a result without addresses can be told in the version of a configuration: before 0.3.0 there is nothing else in
 * a result.
 *
 * @throws {CniError} 999 `cannot convert: no valid IP addresses`, as the reference says when all is done
 */
function checkLayer2Version(cniVersion: string): void {
  if (isAtLeast(cniVersion, '0.3.0')) return
  const details = `a result of version ${cniVersion} is nothing but addresses: set "ipam", or "cniVersion" 0.3.0 or above`
  throw new CniError('internal', 'cannot convert: no valid IP addresses', { details })
}

interface Attached<L, P> {
  link: L
  /** Whether the IPAM plugin may have done something to the interface. */
  isLinkUsed: boolean
  ipam?: IpamResult
  prepared?: P
}

/**
 * Makes a container's interface, and allocates addresses for it: at the same time when the IPAM plugin need not see the
 * interface, otherwise one after the other. When the container has an interface of that name, the link comes first: making it
 * is refused, and to release what was allocated for it would take the addresses that it has.
 */
async function makeLinkAndAllocate<L extends MadeLink, P extends Addressing>(
  steps: AttachSteps<L, P>,
  allocation: AddressAllocation | undefined,
): Promise<Attached<L, P>> {
  if (!allocation) return { link: await steps.makeLink(), isLinkUsed: false }
  const allocate = async (link?: Promise<L>) => {
    const ipam = await allocation.allocate(steps.mtu)
    if (steps.preparesAfterLink) await link
    return { ipam, prepared: await steps.prepare(ipam) }
  }
  const order = await orderOf(steps, allocation)
  if (order === 'link first') return { link: await steps.makeLink(), ...(await allocate()), isLinkUsed: true }
  if (order === 'addresses first') return { ...(await allocate()), link: await steps.makeLink(), isLinkUsed: false }
  const making = steps.makeLink()
  const [link, addresses] = await Promise.allSettled([making, allocate(making)])
  if (link.status === 'rejected') throw link.reason
  if (addresses.status === 'rejected') throw addresses.reason
  return { link: link.value, ...addresses.value, isLinkUsed: false }
}

async function orderOf(
  { first = 'link' }: Pick<AttachSteps<MadeLink, Addressing>, 'first'>,
  allocation: AddressAllocation,
): Promise<'both at once' | 'link first' | 'addresses first'> {
  if (allocation.mayNeedInterface && first === 'link') return 'link first'
  if (await allocation.isNameTaken()) return 'link first'
  return allocation.mayNeedInterface ? 'addresses first' : 'both at once'
}

/** The interface is looked at when the IPAM plugin may have changed it, and when its address is not known. */
async function macOf(
  container: OpenNetns,
  link: MadeLink,
  { isLinkUsed, ...policy }: MacPolicy & { isLinkUsed: boolean; ips: readonly IPConfig[] },
): Promise<InterfaceMac> {
  const look = () => getLink(container.route, link.index, { as: linkSummary })
  const now = isLinkUsed ? await look() : { address: link.address, flags: 0 }
  const wanted = await macForContainer(now, policy)
  return { wanted, address: wanted ?? now.address ?? (await look()).address }
}

/** The resolver settings of a result: the configuration's when it says anything, otherwise the IPAM plugin's. */
function resultDns(configured: DNS | undefined, fromIpam: DNS | undefined): DNS {
  const says =
    configured && (configured.nameservers || configured.search || configured.options || configured.domain !== undefined)
  return (says ? configured : fromIpam) ?? {}
}
