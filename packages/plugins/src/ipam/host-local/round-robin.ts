import type { IP } from '@patchbay/address'
import { isInRange, type Range, type RangeSet, rangeFor } from './range.ts'

/** Looks for something from `first` to `last`, both included; the range's gateway is not among them. */
export type Look<T> = (first: IP, last: IP) => T | undefined

/**
 * Has a set looked through for a free address, in order, until something is found: round robin. The search begins behind
 * the address that was reserved last and reaches that one at the very end, so that a released address is used again as
 * late as possible. Without such an address in the set it begins at the set's start.
 */
export function searchRangeSet<T>(set: RangeSet, look: Look<T>, lastReserved?: IP): T | undefined {
  const current = lastReserved && rangeFor(set, lastReserved)
  if (lastReserved === undefined || current === undefined) return searchRanges(set, look)
  const at = set.indexOf(current)
  return (
    searchStretch(current, { first: lastReserved.next(), last: current.end, look }) ??
    searchRanges(set.slice(at + 1), look) ??
    searchRanges(set.slice(0, at), look) ??
    searchStretch(current, { first: current.start, last: lastReserved, look })
  )
}

function searchRanges<T>(ranges: readonly Range[], look: Look<T>): T | undefined {
  for (const range of ranges) {
    const found = searchStretch(range, { first: range.start, last: range.end, look })
    if (found !== undefined) return found
  }
  return undefined
}

/** No first or no last address: there is none beyond the end of the family. */
interface Stretch<T> {
  readonly first: IP | undefined
  readonly last: IP | undefined
  readonly look: Look<T>
}

function searchStretch<T>(range: Range, { first, last, look }: Stretch<T>): T | undefined {
  const { gateway } = range
  if (first === undefined || last === undefined || first.compare(last) > 0) return undefined
  if (!isInRange({ start: first, end: last }, gateway)) return look(first, last)
  return (
    searchStretch(range, { first, last: gateway.previous(), look }) ??
    searchStretch(range, { first: gateway.next(), last, look })
  )
}
