import type { CIDR, IP } from '@patchbay/address'

/** A range as the configuration gives it. */
export interface RangeConf {
  subnet?: CIDR
  rangeStart?: IP
  rangeEnd?: IP
  gateway?: IP
}

/** The addresses from `start` to `end`, both included. */
export interface Bounds {
  readonly start: IP
  readonly end: IP
}

/** Addresses to allocate from. They carry the prefix length of `subnet`. */
export interface Range extends Bounds {
  readonly subnet: CIDR
  /** Never allocated; need not lie in the subnet. */
  readonly gateway: IP
}

/** A range that cannot be used, by the field that is wrong. */
class FieldError extends RangeError {
  readonly field: keyof RangeConf

  constructor(field: keyof RangeConf, message: string, options?: ErrorOptions) {
    super(message, options)
    this.field = field
  }
}

/**
 * Fills in what a configured range leaves out: the gateway and the start are the first address after the network's
 * own, the end is the last one, less the broadcast address.
 *
 * @throws {RangeError} `Network 10.0.0.0/31 too small to allocate from`,
 *   `RangeStart 10.1.0.9 not in network 10.0.0.0/24`, and the like
 */
export function canonicalRange(conf: RangeConf): Range {
  const { subnet, rangeStart, rangeEnd } = conf
  if (subnet === undefined) {
    const cause = new RangeError('Cannot allocate from a range: it has no key "subnet"')
    throw new FieldError('subnet', 'IP <nil> not v4 nor v6', { cause })
  }
  checkSubnet(subnet)
  const first = subnet.address.add(1)
  const start = rangeStart ?? first
  const end = rangeEnd ?? (subnet.family === 4 ? subnet.lastAddress.add(-1) : subnet.lastAddress)
  if (rangeStart !== undefined || rangeEnd !== undefined) checkBounds(subnet, { start, end, ...conf })
  return { subnet, start, end, gateway: conf.gateway ?? first }
}

/** Only bounds that were given can be wrong. A start at the broadcast address, without an end, leaves nothing. */
function checkBounds(subnet: CIDR, { start, end, rangeStart, rangeEnd }: Bounds & RangeConf): void {
  const isReversed = rangeEnd !== undefined && start.family === end.family && start.compare(end) > 0
  if (rangeStart !== undefined && (isReversed || !subnet.contains(start))) {
    throw new FieldError('rangeStart', `RangeStart ${start} not in network ${subnet}`)
  }
  if (rangeEnd !== undefined && (isReversed || !subnet.contains(end))) {
    throw new FieldError('rangeEnd', `RangeEnd ${end} not in network ${subnet}`)
  }
}

function checkSubnet(subnet: CIDR): void {
  if (subnet.prefixLength > subnet.address.bits - 2) {
    throw new FieldError('subnet', `Network ${subnet} too small to allocate from`)
  }
  if (subnet.hasHostBits) {
    const mask = `a subnet mask of length ${subnet.prefixLength}`
    throw new FieldError('subnet', `Network has host bits set. For ${mask} the network address is ${subnet.network}`)
  }
}

/** True when `ip` lies from `start` to `end`. */
export function isInRange({ start, end }: Bounds, ip: IP): boolean {
  return ip.family === start.family && ip.compare(start) >= 0 && ip.compare(end) <= 0
}

/** True when some address lies in both. */
export function rangesOverlap(a: Range, b: Range): boolean {
  return isInRange(a, b.start) || isInRange(b, a.start)
}

/** `10.0.0.1-10.0.0.254` */
export function formatRange({ start, end }: Range): string {
  return `${start}-${end}`
}

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
 * Fills in the range sets of a configuration. The causes of an error name the key.
 *
 * @param keyOf the key that a set is from: `ipam.ranges`
 * @throws {RangeError} `no IP ranges specified`, `invalid range set 0: empty range set`, `range set 0 overlaps with 1`
 */
export function canonicalRangeSets(
  confs: readonly (readonly RangeConf[])[],
  keyOf: (set: number) => string = () => 'ipam.ranges',
): RangeSet[] {
  if (confs.length === 0) {
    const cause = new RangeError('Cannot lease addresses: set "ipam.subnet" or "ipam.ranges"')
    throw new RangeError('no IP ranges specified', { cause })
  }
  return confs.map((conf, index) => {
    try {
      return canonicalRangeSet(conf)
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      const key = error instanceof FieldError ? `${keyOf(index)}.${error.field}` : keyOf(index)
      const cause = new RangeError(`Cannot use key "${key}"`, { cause: error })
      throw new RangeError(`invalid range set ${index}: ${error.message}`, { cause })
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
