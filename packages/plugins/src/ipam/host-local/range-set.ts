import type { IP } from '@patchbay/address'
import { canonicalRange, formatRange, isInRange, type Range, type RangeConf, rangesOverlap } from './range.ts'

/** Ranges of one family, apart from each other, that together give one address. Never empty. */
export type RangeSet = readonly Range[]

/**
 * Fills in every range of a set.
 *
 * @throws {RangeError} `empty range set`, `mixed address families`, `subnets a-b and c-d overlap`, and what
 *   {@link canonicalRange} throws
 */
export function canonicalRangeSet(confs: readonly RangeConf[]): RangeSet {
  if (confs.length === 0) throw new RangeError('empty range set')
  const set = confs.map(canonicalRange)
  if (set.length > 1) checkTogether(set)
  return set
}

function checkTogether(set: RangeSet): void {
  if (set.some((range) => range.subnet.family !== familyOf(set))) throw new RangeError('mixed address families')
  for (const [a, b] of pairs(set)) {
    if (rangesOverlap(a, b)) throw new RangeError(`subnets ${formatRange(a)} and ${formatRange(b)} overlap`)
  }
}

/**
 * Fills in the range sets of a configuration.
 *
 * @throws {RangeError} `no IP ranges specified`, `invalid range set 0: empty range set`, `range set 0 overlaps with 1`
 */
export function canonicalRangeSets(confs: readonly (readonly RangeConf[])[]): RangeSet[] {
  if (confs.length === 0) throw new RangeError('no IP ranges specified')
  return confs.map((conf, index) => {
    try {
      return canonicalRangeSet(conf)
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      throw new RangeError(`invalid range set ${index}: ${error.message}`, { cause: error })
    }
  })
}

/** @throws {RangeError} `range set 0 overlaps with 1` */
export function checkSetsApart(sets: readonly RangeSet[]): void {
  if (sets.length < 2) return
  for (const [[i, a], [j, b]] of pairs([...sets.entries()])) {
    if (a.some((range) => b.some((other) => rangesOverlap(range, other)))) {
      throw new RangeError(`range set ${i} overlaps with ${j}`)
    }
  }
}

/** The range of a set that `ip` can be allocated from. */
export function rangeFor(set: RangeSet, ip: IP): Range | undefined {
  return set.find((range) => isInRange(range, ip))
}

export function familyOf(set: RangeSet): 4 | 6 | undefined {
  return set[0]?.subnet.family
}

/** `10.0.0.1-10.0.0.9,10.0.1.1-10.0.1.9` */
export function formatRangeSet(set: RangeSet): string {
  return set.map(formatRange).join(',')
}

/** Each two of a list, in the order of the first, then of the second. */
function pairs<T>(list: readonly T[]): [T, T][] {
  return list.flatMap((a, at) => list.slice(at + 1).map((b): [T, T] => [a, b]))
}
