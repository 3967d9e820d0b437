import type { IP } from '@patchbay/address'
import { isInRange, type Range } from './range.ts'
import { type RangeSet, rangeFor } from './range-set.ts'

/** Addresses to look for a free one in: `first` to `last`, both included, none of them the range's gateway. */
export interface Stretch {
  readonly range: Range
  readonly first: IP
  readonly last: IP
}

/**
 * Returns where to look for a free address, in order: round robin. The search begins behind the address that was
 * reserved last and reaches that one at the very end, so that a released address is used again as late as possible.
 * Without such an address in the set it begins at the set's start.
 */
export function searchOrder(set: RangeSet, lastReserved?: IP): Stretch[] {
  const current = lastReserved && rangeFor(set, lastReserved)
  if (lastReserved === undefined || current === undefined) return set.flatMap(wholeRange)
  const at = set.indexOf(current)
  return [
    ...withoutGateway(current, { first: lastReserved.next(), last: current.end }),
    ...[...set.slice(at + 1), ...set.slice(0, at)].flatMap(wholeRange),
    ...withoutGateway(current, { first: current.start, last: lastReserved }),
  ]
}

function wholeRange(range: Range): Stretch[] {
  return withoutGateway(range, { first: range.start, last: range.end })
}

/** No first or no last address: there is none beyond the end of the family. */
function withoutGateway(range: Range, { first, last }: { first: IP | undefined; last: IP | undefined }): Stretch[] {
  const { gateway } = range
  if (first === undefined || last === undefined || first.compare(last) > 0) return []
  if (!isInRange({ start: first, end: last }, gateway)) return [{ range, first, last }]
  return [
    ...withoutGateway(range, { first, last: gateway.previous() }),
    ...withoutGateway(range, { first: gateway.next(), last }),
  ]
}
