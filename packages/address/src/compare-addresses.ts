/**
 * Orders two addresses, or two CIDRs, for `Array.prototype.sort`: negative when `a` comes first, positive when `b`
 * does, 0 when they are equal. IPv4 comes before IPv6, then the smaller number.
 */
export function compareAddresses<T extends { compare(other: T): number }>(a: T, b: T): number {
  return a.compare(b)
}
