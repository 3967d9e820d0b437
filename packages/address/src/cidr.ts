import { type IP, tryParseIP } from './ip.ts'
import { type AddressValue, checkPrefixLength, inspect } from './ip-address.ts'
import type { IPv4 } from './ipv4.ts'

/**
 * An address and the length of its network prefix (RFC 4632 section 3.1): a frozen value. The host bits of the address
 * are kept, so one value can say both an interface's address and its network; {@link masked} clears them.
 */
export class CIDR {
  readonly address: IP
  /** Length of the network part, 0 to the length of the address, in bits. */
  readonly prefixLength: number

  private constructor(address: IP, prefixLength: number) {
    checkPrefixLength(address, prefixLength)
    this.address = address
    this.prefixLength = prefixLength
    Object.freeze(this)
  }

  /**
   * Reads `<address>/<prefix length>`, the prefix length in decimal without a sign. Leading zeros are accepted.
   *
   * An IPv4-mapped address gives an IPv4 CIDR: `::ffff:10.0.0.1/120` is `10.0.0.1/24`. A prefix length that does not
   * cover the 96 bits of the mapping is refused, because such a block is not one of IPv4 addresses.
   *
   * @throws {SyntaxError} `invalid CIDR address: <text>`
   */
  static parse(text: string): CIDR {
    const slash = text.indexOf('/')
    const addressText = text.slice(0, Math.max(slash, 0))
    const address = tryParseIP(addressText)
    const mappingBits = address?.family === 4 && addressText.includes(':') ? 96 : 0
    const prefixLength = parseDigits(text, slash + 1) - mappingBits
    if (!address || !(prefixLength >= 0 && prefixLength <= address.bits)) {
      throw new SyntaxError(`invalid CIDR address: ${text}`)
    }
    return new CIDR(address, prefixLength)
  }

  /** @throws {RangeError} when `prefixLength` is not a whole number from 0 to the length of the address in bits */
  static of(address: IP, prefixLength: number): CIDR {
    return new CIDR(address, prefixLength)
  }

  get family(): 4 | 6 {
    return this.address.family
  }

  /** The first address: all host bits clear. */
  get network(): IP {
    return this.address.clearHostBits(this.prefixLength)
  }

  /**
   * The last address: all host bits set. In the few IPv6 blocks whose last part is the IPv4-mapped block (`::/80` and
   * those inside it), the last before that, `::fffe:ffff:ffff`.
   */
  get lastAddress(): IP {
    return this.address.setHostBits(this.prefixLength)
  }

  /** The broadcast address of an IPv4 network; `undefined` for `/31` (RFC 3021), for `/32`, and for IPv6. */
  get broadcast(): IPv4 | undefined {
    return this.address.family === 4 && this.prefixLength < 31 ? this.address.setHostBits(this.prefixLength) : undefined
  }

  /** The network mask written as an address: `255.255.255.0`, `ffff:ffff::`. */
  get mask(): string {
    return this.address.setHostBits(0).clearHostBits(this.prefixLength).toString()
  }

  /** Number of addresses in the block, 2 to the power of the number of host bits. */
  get size(): bigint {
    return 1n << BigInt(this.address.bits - this.prefixLength)
  }

  get hasHostBits(): boolean {
    return !this.address.equals(this.network)
  }

  /** The same block with the host bits of the address clear. */
  masked(): CIDR {
    return new CIDR(this.network, this.prefixLength)
  }

  /** True when `ip` lies in the block. Never true for the other family. */
  contains(ip: AddressValue): boolean {
    return this.address.sharesPrefix(ip, this.prefixLength)
  }

  /** True when every address of `other` lies in this block. */
  containsCIDR(other: CIDR): boolean {
    return other.prefixLength >= this.prefixLength && this.contains(other.address)
  }

  /** True when some address lies in both blocks. */
  overlaps(other: CIDR): boolean {
    return this.address.sharesPrefix(other.address, Math.min(this.prefixLength, other.prefixLength))
  }

  /** True for the same address, host bits included, and the same prefix length. */
  equals(other: CIDR): boolean {
    return this.prefixLength === other.prefixLength && this.address.equals(other.address)
  }

  /** Negative, 0 or positive: by network address, then the larger block first, then by address. */
  compare(other: CIDR): number {
    return (
      this.network.compare(other.network) ||
      this.prefixLength - other.prefixLength ||
      this.address.compare(other.address)
    )
  }

  toString(): string {
    return `${this.address}/${this.prefixLength}`
  }

  /** The text of {@link toString}. */
  toJSON(): string {
    return this.toString()
  }

  [inspect](): string {
    return `CIDR(${this})`
  }
}

/** {@link CIDR.parse} as a function. */
export function parseCIDR(text: string): CIDR {
  return CIDR.parse(text)
}

/** The number that the rest of a text spells; NaN when it is not all digits, or none. */
function parseDigits(text: string, from: number): number {
  let value = from < text.length ? 0 : Number.NaN
  for (let at = from; at < text.length; at++) {
    const digit = text.charCodeAt(at) - 48
    value = digit >= 0 && digit <= 9 ? value * 10 + digit : Number.NaN
  }
  return value
}
