/** The key under which Node and Bun look for a value's own way of being printed by `console.log`. */
export const inspect = Symbol.for('nodejs.util.inspect.custom')

/**
 * What makes two addresses equal. Every {@link IPAddress} is one, so values made by two installed copies of this
 * package compare and contain each other.
 */
export type AddressValue =
  | { readonly family: 4; readonly value: number }
  | { readonly family: 6; readonly groups: readonly number[] }

/** What IPv4 and IPv6 addresses have in common. Values are frozen and `Self` is the implementing class. */
export interface IPAddress<Self> {
  readonly family: 4 | 6
  /** Length of an address of this family in bits. */
  readonly bits: 32 | 128
  /** The address in network byte order, 4 or 16 bytes. Each read is a fresh copy, the caller's to change. */
  readonly bytes: Uint8Array
  /** `0.0.0.0` or `::`. */
  readonly isUnspecified: boolean
  /** `127.0.0.0/8` (RFC 1122 section 3.2.1.3) or `::1` (RFC 4291 section 2.5.3). */
  readonly isLoopback: boolean
  /** `224.0.0.0/4` (RFC 1112 section 4) or `ff00::/8` (RFC 4291 section 2.7). */
  readonly isMulticast: boolean
  /** `169.254.0.0/16` (RFC 3927 section 2.1) or `fe80::/10` (RFC 4291 section 2.5.6). */
  readonly isLinkLocalUnicast: boolean
  /**
   * True unless unspecified, loopback, multicast, link-local unicast or `255.255.255.255`. Private addresses
   * (RFC 1918, RFC 4193) count as global here.
   */
  readonly isGlobalUnicast: boolean
  /** The address as one unsigned number. */
  toBigInt(): bigint
  /** Dotted quad, or the form of RFC 5952 section 4. */
  toString(): string
  /** The text of {@link toString}. */
  toJSON(): string
  /** True for the same address of the same family. */
  equals(other: AddressValue): boolean
  /** Negative, 0 or positive: IPv4 before IPv6, then by number. */
  compare(other: AddressValue): number
  /** The address after this one, `undefined` after the last of the family. */
  next(): Self | undefined
  /** The address before this one, `undefined` before the first of the family. */
  previous(): Self | undefined
  /**
   * The address `count` (a whole number, may be negative) places on.
   *
   * @throws {RangeError} when the sum is not an address of the family
   */
  add(count: bigint | number): Self
  /**
   * The first address that shares the leading `prefixLength` bits.
   *
   * @throws {RangeError} when `prefixLength` is not a whole number from 0 to {@link bits}
   */
  clearHostBits(prefixLength: number): Self
  /**
   * The last address that shares the leading `prefixLength` bits.
   *
   * @throws {RangeError} when `prefixLength` is not a whole number from 0 to {@link bits}
   */
  setHostBits(prefixLength: number): Self
  /**
   * True when `other` is of this family and shares the leading `prefixLength` bits.
   *
   * @throws {RangeError} when `prefixLength` is not a whole number from 0 to {@link bits}
   */
  sharesPrefix(other: AddressValue, prefixLength: number): boolean
}

/**
 * Orders two addresses, or two CIDRs, for `Array.prototype.sort`: negative when `a` comes first, positive when `b`
 * does, 0 when they are equal. IPv4 comes before IPv6, then the smaller number.
 */
export function compareAddresses<T extends { compare(other: T): number }>(a: T, b: T): number {
  return a.compare(b)
}

/** @throws {RangeError} when `prefixLength` is not a whole number from 0 to the address's length in bits */
export function checkPrefixLength(address: { readonly bits: number; toString(): string }, prefixLength: number): void {
  if (Number.isInteger(prefixLength) && prefixLength >= 0 && prefixLength <= address.bits) return
  throw new RangeError(
    `Cannot use prefix length ${prefixLength} with "${address}": not a whole number from 0 to ${address.bits}`,
  )
}
