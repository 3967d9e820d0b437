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
    throw new RangeError('IP <nil> not v4 nor v6', { cause })
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
    throw new RangeError(`RangeStart ${start} not in network ${subnet}`)
  }
  if (rangeEnd !== undefined && (isReversed || !subnet.contains(end))) {
    throw new RangeError(`RangeEnd ${end} not in network ${subnet}`)
  }
}

function checkSubnet(subnet: CIDR): void {
  if (subnet.prefixLength > subnet.address.bits - 2) {
    throw new RangeError(`Network ${subnet} too small to allocate from`)
  }
  if (subnet.hasHostBits) {
    const mask = `a subnet mask of length ${subnet.prefixLength}`
    throw new RangeError(`Network has host bits set. For ${mask} the network address is ${subnet.network}`)
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
