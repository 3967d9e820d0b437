import { type NetlinkRequest, type NetlinkSocket, NLM_F } from '../netlink/index.ts'
import { type Attributes, request } from '../netlink/raw.ts'
import { type ClassAttributes, type ClassMessage, classOperations, headerOf } from './message.ts'
import type { QdiscKind } from './qdisc.ts'
import { TC_HTB_PROTOVER } from './qdiscs/htb.ts'
import { ratespecOf, ticksOf } from './rate.ts'

/** What kind a class is of, and its options as the kernel lays them out. */
export type ClassKind = NonNullable<Attributes<ClassAttributes>['class']>

/** A class: a part of the packets of a queueing discipline that has such. */
export interface TrafficClass {
  /** Index of the link. */
  index: number
  /** The queueing discipline, or the class that it is a part of. */
  parent: number
  /** Its number, `handleOf(1, 0x30)`. */
  handle: number
  class: ClassKind
}

/** The request of {@link addClass}, for sending several in one go. */
export function addClassRequest({ index, parent, handle, class: kind }: TrafficClass): NetlinkRequest {
  const header = headerOf({ index, parent, handle })
  return request(classOperations.add, { header, attributes: { class: kind } }, NLM_F.CREATE | NLM_F.EXCL)
}

/**
 * Adds a class.
 *
 * @throws NetlinkError `EEXIST` when there is one with that number; `ENOENT` when the queueing discipline is not there
 */
export async function addClass(socket: NetlinkSocket, trafficClass: TrafficClass): Promise<void> {
  await socket.request(addClassRequest(trafficClass))
}

/** The classes of the link with that index. */
export async function listClasses(socket: NetlinkSocket, index: number): Promise<TrafficClass[]> {
  const wanted = { header: headerOf({ index }), attributes: {} }
  const messages = await socket.list(request(classOperations.get, wanted), classOperations.reply)
  return messages.map(decodeClass).filter((each) => each !== undefined)
}

function decodeClass({ header, attributes: { class: kind } }: ClassMessage): TrafficClass | undefined {
  return kind && { index: header.ifindex, parent: header.parent, handle: header.handle, class: kind }
}

/** Hierarchical token buckets for `addQdisc`; what no filter classifies goes to the class with the minor number `defaultClass`. */
export function hierarchicalTokenBuckets(defaultClass: number): QdiscKind {
  const init = { version: TC_HTB_PROTOVER, rate2quantum: 10, defcls: defaultClass, debug: 0, directPkts: 0 }
  return { kind: 'htb', data: { init } }
}

/** How quickly the packets of a class may leave. */
export interface ClassRate {
  /** Bytes a second that it always has, ... */
  rate: bigint
  /** ... and that it may have while others leave some. */
  ceil: bigint
  /** Bytes that may leave at once after a pause. */
  burst: number
  /** Bytes that it may send before it is another's turn; the kernel reckons by default. */
  quantum?: number | undefined
}

/** A class of {@link hierarchicalTokenBuckets} for {@link addClass}. */
export function tokenBucketClass({ rate, ceil, burst, quantum = 0 }: ClassRate): ClassKind {
  const parms = {
    rate: ratespecOf(rate),
    ceil: ratespecOf(ceil),
    buffer: ticksOf(burst, rate),
    cbuffer: ticksOf(burst, ceil),
    quantum,
    level: 0,
    prio: 0,
  }
  const large = { ...(parms.rate.rate < rate && { rate64: rate }), ...(parms.ceil.rate < ceil && { ceil64: ceil }) }
  return { kind: 'htb', data: { parms, ...large } }
}
