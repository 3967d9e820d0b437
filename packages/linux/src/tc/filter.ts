import { type NetlinkRequest, type NetlinkSocket, NLM_F } from '../netlink/index.ts'
import { type Attributes, littleEndian, request } from '../netlink/raw.ts'
import type { Action } from './actions.ts'
import { TC_U32 } from './filters/u32.ts'
import { type FilterAttributes, type FilterMessage, filterOperations, headerOf } from './message.ts'

/** What kind a filter is of, and its options as the kernel lays them out. */
export type FilterKind = NonNullable<Attributes<FilterAttributes>['filter']>

/** `<linux/if_ether.h> ETH_P_*`: protocols of packets. */
export const ETH_P = { ALL: 0x0003, IP: 0x0800, ARP: 0x0806, IPV6: 0x86dd } as const

/** A filter: what is to be done with some of the packets of a queueing discipline. */
export interface Filter {
  /** Index of the link. */
  index: number
  /** The queueing discipline that it belongs to, or of `clsact` the direction (`handleOf(0xffff, TC_H_MIN.INGRESS)`). */
  parent: number
  /** Those with the lowest are asked first, 1 to 65535; the kernel chooses one by default. */
  priority?: number | undefined
  /** {@link ETH_P}; default ALL. */
  protocol?: number | undefined
  handle?: number | undefined
  filter: FilterKind
}

/** The request of {@link addFilter}, for sending several in one go. */
export function addFilterRequest({ priority = 0, protocol = ETH_P.ALL, filter, ...place }: Filter): NetlinkRequest {
  const header = headerOf({ ...place, info: infoOf(priority, protocol) })
  return request(filterOperations.add, { header, attributes: { filter } }, NLM_F.CREATE | NLM_F.EXCL)
}

/**
 * Adds a filter.
 *
 * @throws NetlinkError `EEXIST` when there is one with that priority and handle; `ENOENT` when the kernel does not know the kind,
 *   or that of an action; `EINVAL` when the parent is not there
 */
export async function addFilter(socket: NetlinkSocket, filter: Filter): Promise<void> {
  await socket.request(addFilterRequest(filter))
}

/** Filters of one parent: those of a priority and protocol, or all. */
export interface FilterPlace {
  index: number
  parent: number
  /** With a `protocol`; all without. */
  priority?: number | undefined
  protocol?: number | undefined
}

/** The request of {@link deleteFilters}, for sending several in one go. */
export function deleteFiltersRequest({ index, parent, priority, protocol = ETH_P.ALL }: FilterPlace): NetlinkRequest {
  // Without a kind, the kernel deletes all of that priority; without a priority, all.
  const info = priority === undefined ? 0 : infoOf(priority, protocol)
  return request(filterOperations.delete, { header: headerOf({ index, parent, info }), attributes: {} })
}

/**
 * Deletes filters.
 *
 * @throws NetlinkError `ENOENT` when the priority has no filter
 */
export async function deleteFilters(socket: NetlinkSocket, place: FilterPlace): Promise<void> {
  await socket.request(deleteFiltersRequest(place))
}

/** The filters of one parent, in the order in which they are asked. Empty where the link or the parent is not there. */
export async function listFilters(
  socket: NetlinkSocket,
  { index, parent, protocol }: Omit<FilterPlace, 'priority'>,
): Promise<Filter[]> {
  const header = headerOf({ index, parent, info: protocol === undefined ? 0 : infoOf(0, protocol) })
  const wanted = request(filterOperations.get, { header, attributes: {} })
  const messages = await socket.list(wanted, filterOperations.reply)
  return messages.map(decodeFilter).filter((filter) => filter !== undefined)
}

function decodeFilter({ header, attributes: { filter } }: FilterMessage): Filter | undefined {
  // A priority by itself is listed as a filter without a handle.
  if (filter === undefined || header.handle === 0) return undefined
  const { ifindex, parent, handle, info } = header
  return { index: ifindex, parent, handle, priority: info >>> 16, protocol: swapped(info & 0xffff), filter }
}

/** The protocol is in network byte order, in a number that is not. */
function infoOf(priority: number, protocol: number): number {
  return priority * 0x10000 + swapped(protocol)
}

function swapped(number: number): number {
  return littleEndian ? ((number & 0xff) << 8) | (number >> 8) : number
}

/** A filter of kind `u32` that matches every packet and has these actions. */
export function everyPacket(actions: readonly Action[], classid?: number): FilterKind {
  const data = {
    sel: { flags: TC_U32.TERMINAL, keys: [] },
    act: [...actions],
    ...(classid !== undefined && { classid }),
  }
  return { kind: 'u32', data }
}
