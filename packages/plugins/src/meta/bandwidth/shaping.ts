import { isNetlinkError } from '@patchbay/linux/netlink'
import type { LinkSummary } from '@patchbay/linux/route'
import {
  addFilter,
  addQdisc,
  deleteQdisc,
  everyPacket,
  handleOf,
  ingressHandle,
  listFilters,
  listQdiscs,
  type QdiscKind,
  readTokenBucket,
  redirectTo,
  TC_H,
  tokenBucketOf,
} from '@patchbay/linux/tc'
import type { OpenNetns } from '../../link/net-context.ts'
import { checkError } from '../../request/check-error.ts'
import { messageOf } from '../../request/error-message.ts'
import type { UndoStack } from '../../request/undo-stack.ts'
import type { Limit } from './config.ts'

/** How long packets wait before more are dropped, in milliseconds. */
const LATENCY_MS = 25n
/** A tick is 64 ns: so many in 8 microseconds. */
const TICKS_IN_8_US = 125
const MOST = 0xffffffff

/** What the kernel is told of a limit, rounded as the reference does, whose CHECK compares it. */
function parametersOf({ rate, burst }: Limit): { rate: bigint; limit: number; buffer: number } {
  const waiting = Number((rate * LATENCY_MS) / 1000n) + burst
  const microseconds = Math.trunc((burst * 1_000_000) / Number(rate))
  return {
    rate,
    limit: Math.min(waiting, MOST),
    buffer: Math.min(Math.trunc((microseconds * TICKS_IN_8_US) / 8), MOST),
  }
}

/**
 * Limits what leaves by a link, and has `undo` take that back. A limit that an ADD before this one has set is replaced.
 *
 * @throws Error `create qdisc: file exists` when somebody else has set the link's queueing discipline
 */
export async function limitSending(
  { route }: OpenNetns,
  { index }: LinkSummary,
  { limit, undo }: { readonly limit: Limit; readonly undo: UndoStack },
): Promise<void> {
  const qdisc = { index, handle: handleOf(1), qdisc: tokenBucketOf(parametersOf(limit)) }
  const isOurs = (kind: QdiscKind | undefined) => kind?.kind === 'tbf'
  const present = isOurs(await rootOf(route, index)) ? 'replace' : 'fail'
  try {
    await addQdisc(route, qdisc, present)
  } catch (cause) {
    // The kernel advises to replace it: it is another's.
    const reason = isNetlinkError(cause, 'EEXIST') ? 'file exists' : messageOf(cause)
    throw new Error(`create qdisc: ${reason}`, { cause })
  }
  undo.push(`queueing discipline of link ${index}`, () => deleteQdisc(route, { index }))
}

async function rootOf(route: OpenNetns['route'], index: number): Promise<QdiscKind | undefined> {
  const all = await listQdiscs(route, { index })
  return all.find(({ parent }) => parent === TC_H.ROOT)?.qdisc
}

/** Sends what comes in by a link out by another, and has `undo` take that back. What an ADD before this one has made is replaced. */
export async function redirectReceived(
  { route }: OpenNetns,
  { index }: LinkSummary,
  { to, undo }: { readonly to: number; readonly undo: UndoStack },
): Promise<void> {
  const place = { index, parent: TC_H.INGRESS, handle: ingressHandle }
  const remove = async () => {
    try {
      await deleteQdisc(route, place)
    } catch (error) {
      if (!isNetlinkError(error, 'ENOENT', 'EINVAL')) throw error
    }
  }
  await remove()
  try {
    await addQdisc(route, { ...place, qdisc: { kind: 'other', name: 'ingress' } })
    undo.push(`ingress of link ${index}`, remove)
    await addFilter(route, {
      index,
      parent: ingressHandle,
      priority: 1,
      filter: everyPacket([redirectTo(to)], handleOf(1, 1)),
    })
  } catch (cause) {
    throw new Error(`create ingress qdisc: ${messageOf(cause)}`, { cause })
  }
}

/**
 * Checks that a link's limit is there and is what is wanted.
 *
 * @throws Error naming the link and what differs
 */
export async function checkSending({ route }: OpenNetns, { index, ifname }: LinkSummary, limit: Limit): Promise<void> {
  const root = await rootOf(route, index)
  const found = root && readTokenBucket(root)
  if (!found || root.kind !== 'tbf')
    throw checkError(`Failed to find qdisc: link "${ifname}" has no token bucket filter`)
  const wanted = parametersOf(limit)
  const differs = (what: string, is: unknown, expected: unknown) =>
    checkError(`${what} doesn't match: link "${ifname}" has ${is} instead of ${expected}`)
  if (found.rate !== wanted.rate) throw differs('Rate', found.rate, wanted.rate)
  if (found.limit !== wanted.limit) throw differs('Limit', found.limit, wanted.limit)
  const buffer = root.data?.parms?.buffer
  if (buffer !== wanted.buffer) throw differs('Buffer', buffer, wanted.buffer)
}

/** @throws Error when what comes in by a link is not sent out by the other */
export async function checkRedirection(
  { route }: OpenNetns,
  { index, ifname }: LinkSummary,
  to: LinkSummary,
): Promise<void> {
  const filters = await listFilters(route, { index, parent: ingressHandle })
  const targets = filters.flatMap(({ filter }) => (filter.kind === 'u32' ? (filter.data?.act ?? []) : []))
  const isThere = targets.some(({ action }) => action?.kind === 'mirred' && action.data?.parms?.ifindex === to.index)
  if (!isThere) throw checkError(`Failed to find filter: link "${ifname}" sends nothing to "${to.ifname}"`)
}
