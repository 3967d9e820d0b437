import type { IP } from '@patchbay/address'
import { type Bounds, isInRange, type Range, type RangeSet, rangeFor } from './range.ts'

/**
 * The stretches of a set to look through for a free address, in order: round robin, without the gateways of ranges. They
 * begin behind the address that was reserved last and reach that one at the very end, so that a released address is used
 * again as late as possible. If that address is unknown or not in the set, they begin at the start of the set.
 */
export function* roundRobin(set: RangeSet, lastReserved?: IP): Generator<Bounds, void> {
  const current = lastReserved && rangeFor(set, lastReserved)
  if (lastReserved === undefined || current === undefined) {
    for (const range of set) yield* withoutGateway(range, range.start, range.end)
    return
  }
  const at = set.indexOf(current)
  yield* withoutGateway(current, lastReserved.next(), current.end)
  for (const range of [...set.slice(at + 1), ...set.slice(0, at)]) yield* withoutGateway(range, range.start, range.end)
  yield* withoutGateway(current, current.start, lastReserved)
}

/** Yields the addresses of a range from `start` to `end` in one stretch or two; either is `undefined` beyond the family. */
function* withoutGateway(range: Range, start: IP | undefined, end: IP | undefined): Generator<Bounds, void> {
  const { gateway } = range
  if (start === undefined || end === undefined || start.compare(end) > 0) return
  if (isInRange({ start, end }, gateway)) {
    yield* withoutGateway(range, start, gateway.previous())
    yield* withoutGateway(range, gateway.next(), end)
  } else yield { start, end }
}
