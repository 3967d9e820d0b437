import { type NetlinkRequest, type NetlinkSocket, NLM_F } from '../netlink/index.ts'
import { type Attributes, request } from '../netlink/raw.ts'
import { TC_H } from './handle.ts'
import { headerOf, type QdiscAttributes, type QdiscMessage, qdiscOperations } from './message.ts'
import { bytesIn, ratespecOf, ticksOf } from './rate.ts'

/** What kind a queueing discipline is of, and its options as the kernel lays them out. */
export type QdiscKind = NonNullable<Attributes<QdiscAttributes>['qdisc']>

/** A queueing discipline: how packets wait that leave by a link, or by a class. */
export interface Qdisc {
  /** Index of the link. */
  index: number
  /** `TC_H.ROOT`, `TC_H.INGRESS`, or the class that it is in; default `TC_H.ROOT`. */
  parent?: number | undefined
  /** Its number, `handleOf(1)`; the kernel chooses one by default. */
  handle?: number | undefined
  qdisc: QdiscKind
}

/** What to do when there is one in that place already. */
export type QdiscConflict = 'fail' | 'replace'

const conflictFlags = { fail: NLM_F.CREATE | NLM_F.EXCL, replace: NLM_F.CREATE | NLM_F.REPLACE } as const

/** The request of {@link addQdisc}, for sending several in one go. */
export function addQdiscRequest({ qdisc, ...place }: Qdisc, conflict: QdiscConflict = 'fail'): NetlinkRequest {
  return request(qdiscOperations.add, { header: headerAt(place), attributes: { qdisc } }, conflictFlags[conflict])
}

/**
 * Puts a queueing discipline in a place of a link.
 *
 * @throws NetlinkError `EEXIST` when one has been put there; `ENOENT` when the kernel does not know the kind; `ENODEV` when no
 *   link has the index
 */
export async function addQdisc(socket: NetlinkSocket, qdisc: Qdisc, conflict: QdiscConflict = 'fail'): Promise<void> {
  await socket.request(addQdiscRequest(qdisc, conflict))
}

/** The request of {@link deleteQdisc}, for sending several in one go. */
export function deleteQdiscRequest(place: Omit<Qdisc, 'qdisc'>): NetlinkRequest {
  return request(qdiscOperations.delete, { header: headerAt(place), attributes: {} })
}

function headerAt({ parent = TC_H.ROOT, ...place }: Omit<Qdisc, 'qdisc'>): QdiscMessage['header'] {
  return headerOf({ parent, ...place })
}

/**
 * Takes the queueing discipline out of a place of a link, with its classes and filters: the kernel's own is there again.
 *
 * @throws NetlinkError `ENOENT` or `EINVAL` when none has been put there
 */
export async function deleteQdisc(socket: NetlinkSocket, place: Omit<Qdisc, 'qdisc'>): Promise<void> {
  await socket.request(deleteQdiscRequest(place))
}

/** The queueing disciplines of the link with that index, or of all links; also those that the kernel has put there. */
export async function listQdiscs(socket: NetlinkSocket, filter: { index?: number } = {}): Promise<Qdisc[]> {
  const wanted = { header: headerOf({ index: filter.index ?? 0 }), attributes: {} }
  const messages = await socket.list(request(qdiscOperations.get, wanted), qdiscOperations.reply)
  return (
    messages
      .map(decodeQdisc)
      .filter((qdisc) => qdisc !== undefined)
      // The kernel lists those of all links.
      .filter(({ index }) => filter.index === undefined || index === filter.index)
  )
}

function decodeQdisc({ header, attributes: { qdisc } }: QdiscMessage): Qdisc | undefined {
  return qdisc && { index: header.ifindex, parent: header.parent, handle: header.handle, qdisc }
}

/** How quickly packets may leave. */
export interface TokenBucket {
  /** Bytes a second, from 1 on. */
  rate: bigint
  /** Bytes that may leave at once after a pause, up to 4 GiB - 1. */
  burst: number
  /** Bytes that may wait, up to 4 GiB - 1; what comes on top of them is dropped. */
  limit: number
}

/**
 * A token bucket filter for {@link addQdisc}.
 *
 * @throws RangeError when the rate is below 1, or a number does not fit
 */
export function tokenBucket({ rate, burst, limit }: TokenBucket): QdiscKind {
  const kind = tokenBucketOf({ rate, limit, buffer: ticksOf(burst, rate) })
  return { kind: 'tbf', data: { ...kind.data, burst } }
}

/** A token bucket as the kernel reckons. */
export interface TokenBucketParameters extends Omit<TokenBucket, 'burst'> {
  /** Ticks of 64 ns in which the burst passes. */
  buffer: number
}

/**
 * As {@link tokenBucket}, with the burst as a time: for programs that compare what they have set to the last digit.
 *
 * @throws RangeError as {@link tokenBucket}
 */
export function tokenBucketOf({ rate, limit, buffer }: TokenBucketParameters): QdiscKind & { kind: 'tbf' } {
  if (rate < 1n) throw new RangeError(`Cannot limit a rate to ${rate} bytes a second: it is below 1`)
  const parms = { rate: ratespecOf(rate), peakrate: ratespecOf(0n), limit, buffer, mtu: 0 }
  return { kind: 'tbf', data: { parms, ...(parms.rate.rate < rate && { rate64: rate }) } }
}

/** What a token bucket filter of {@link listQdiscs} says; `undefined` of another kind. The burst is exact to a few bytes. */
export function readTokenBucket(kind: QdiscKind): TokenBucket | undefined {
  if (kind.kind !== 'tbf' || kind.data?.parms === undefined) return undefined
  const { parms, rate64 } = kind.data
  const rate = rate64 ?? BigInt(parms.rate.rate)
  return { rate, burst: bytesIn(parms.buffer, rate), limit: parms.limit }
}
