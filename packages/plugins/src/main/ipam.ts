import { array, JsonError, object } from '@patchbay/cni/json'
import type { Request } from '@patchbay/cni/plugin'
import { type Result, type Route, route } from '@patchbay/cni/types'
import { findLink, linkSummary } from '@patchbay/linux/route'
import { mayNeedInterface } from '../ipam/ipam-plugins.ts'
import type { Host } from '../link/hosts.ts'
import { checkMtuForAddresses, MIN_MTU_OF_IPV6 } from '../link/link-mtu.ts'
import { allSteps, type Step } from '../request/all-steps.ts'
import type { UndoStack } from '../request/undo-stack.ts'
import { type DeletionOptions, deleteContainerLink } from './delete-container-link.ts'
import { checkRouteValues } from './route-values.ts'

/** What an IPAM plugin must return: at least one address. */
export type IpamResult = Result & { ips: NonNullable<Result['ips']> }

/**
 * Has the IPAM plugin allocate addresses; should anything fail from here on, it is told to release them.
 *
 * @throws Error `IPAM plugin returned missing IP config`, CniError for routes that no kernel has room for, and whatever the
 *   plugin fails with
 */
export async function allocateAddresses(request: Request, type: string, undo: UndoStack): Promise<IpamResult> {
  const result = await request.delegate(type, 'ADD')
  undo.push(`IPAM plugin "${type}" ADD`, async () => {
    // Also when the request has been cut short.
    await request.delegate(type, 'DEL', { signal: new AbortController().signal })
  })
  if (!result?.ips || result.ips.length === 0) throw new Error('IPAM plugin returned missing IP config')
  checkRouteValues(result.routes ?? [])
  return { ...result, ips: result.ips }
}

const routesOfIpam = object('NetConf', { ipam: object('types.IPAM', { routes: array(route) }) })

/**
 * Checks the routes of a configuration before anything is made for it, when the IPAM plugin is one that only copies them
 * into its result. It says itself what it cannot read.
 *
 * @throws {CniError} 7 as {@link checkRouteValues}
 */
export function checkConfiguredRoutes(request: Request, type: string): void {
  if (!mayNeedInterface(type)) checkRouteValues(configuredRoutes(request))
}

function configuredRoutes({ config }: Request): readonly Route[] {
  try {
    return routesOfIpam.decode(config).ipam?.routes ?? []
  } catch (error) {
    if (error instanceof JsonError || error instanceof SyntaxError) return []
    throw error
  }
}

/**
 * Allocates the addresses for a link with so small an MTU that it cannot have IPv6 addresses, and checks that there are none,
 * before the link is made.
 *
 * @returns `undefined` when that can be done while the link is made, or not before, as {@link makeLinkAndAllocate} says
 * @throws as {@link allocateAddresses}, and CniError 7 for an IPv6 address
 */
export async function allocateForSmallMtu(
  request: Request,
  mtu: number,
  { ipamType, container, undo }: Pick<Attaching<unknown, unknown>, 'ipamType' | 'container' | 'undo'>,
): Promise<IpamResult | undefined> {
  if (mtu <= 0 || mtu >= MIN_MTU_OF_IPV6 || mayNeedInterface(ipamType)) return undefined
  if (await hasInterface(container, request.ifName)) return undefined
  const ipam = await allocateAddresses(request, ipamType, undo)
  checkMtuForAddresses({ name: request.ifName, mtu }, ipam.ips)
  return ipam
}

/** How a container's interface is made, and for whom addresses are allocated. */
export interface Attaching<T, P> {
  /** Type of the IPAM plugin. */
  ipamType: string
  container: Host
  undo: UndoStack
  /** Makes the interface, and has `undo` take it back. */
  makeLink: () => Promise<T>
  /** Does for the addresses what can be done without the interface. */
  prepare: (ipam: IpamResult) => Promise<P>
  /** What has been allocated already. */
  allocated?: IpamResult | undefined
  /** What comes first where one has to wait for the other; the link when absent, and where its name is taken. */
  first?: 'link' | 'addresses'
}

/** An interface, and what was allocated and prepared for it. */
export interface Attached<T, P> {
  link: T
  prepared: P
  /** Whether the IPAM plugin may have done something to the interface. */
  isLinkUsed: boolean
}

/**
 * Makes a container's interface, and allocates addresses for it: at the same time when the IPAM plugin need not see the
 * interface, otherwise one after the other. When the container has an interface of that name, the link comes first: making it
 * is refused, and to release what was allocated for it would take the addresses that it has.
 *
 * @throws what `makeLink` and `prepare` throw, and as {@link allocateAddresses}
 */
export async function makeLinkAndAllocate<T, P>(request: Request, attaching: Attaching<T, P>): Promise<Attached<T, P>> {
  const { ipamType, container, undo, makeLink, prepare, allocated, first = 'link' } = attaching
  const allocate = async () => prepare(allocated ?? (await allocateAddresses(request, ipamType, undo)))
  const isTaken = () => hasInterface(container, request.ifName)
  if (!mayNeedInterface(ipamType) && !(await isTaken())) {
    const [link, prepared] = await Promise.allSettled([makeLink(), allocate()])
    if (link.status === 'rejected') throw link.reason
    if (prepared.status === 'rejected') throw prepared.reason
    return { link: link.value, prepared: prepared.value, isLinkUsed: false }
  }
  const early = first === 'addresses' && !(await isTaken()) ? { prepared: await allocate() } : undefined
  const link = await makeLink()
  return { link, ...(early ?? { prepared: await allocate() }), isLinkUsed: true }
}

async function hasInterface(container: Host, ifName: string): Promise<boolean> {
  return (await findLink(container.route, ifName, { as: linkSummary })) !== undefined
}

/** What a DEL takes back. */
export interface Detaching extends Pick<DeletionOptions, 'before' | 'temporaryName'> {
  /** Type of the IPAM plugin; absent for none. */
  ipamType?: string | undefined
  /** Takes back what else there is, while the kernel deletes the interface. */
  meanwhile?: Step
}

/**
 * Deletes a container's interface and releases its addresses; what is gone is fine, and every step runs whatever became of
 * the others. Addresses in books are released last, so that they are not given away while they are still configured;
 * another IPAM plugin may need the interface: `dhcp` tells its server from there.
 *
 * @throws as {@link allSteps}
 */
export async function deleteLinkAndRelease(request: Request, detaching: Detaching): Promise<void> {
  const { ipamType, meanwhile = () => undefined } = detaching
  const release = () => (ipamType === undefined ? undefined : request.delegate(ipamType, 'DEL'))
  const deletion = () => deleteContainerLink(request, { ...detaching, meanwhile })
  await (mayNeedInterface(ipamType ?? '') ? allSteps(release, deletion) : allSteps(deletion, release))
}
