import { inspect } from './ip-address.ts'

const PAIRS = /^[0-9a-f]{2}(?:(?::[0-9a-f]{2})+|(?:-[0-9a-f]{2})+|(?:[0-9a-f]{2})+)$/i
const QUADS = /^[0-9a-f]{4}(?:\.[0-9a-f]{4})+$/i

/**
 * A hardware address: a frozen value of 6 bytes (EUI-48), 8 (EUI-64) or 20 (IP over InfiniBand, RFC 4391
 * section 9.1.1).
 */
export class MAC {
  /** The address in transmission order, one number a byte. */
  readonly octets: readonly number[]

  private constructor(octets: readonly number[]) {
    this.octets = Object.freeze(octets)
    Object.freeze(this)
  }

  /**
   * Reads pairs of hexadecimal digits, separated by `:` throughout, by `-` throughout, or not at all; or groups of four
   * separated by `.`.
   *
   * @throws {SyntaxError} `address <text>: invalid MAC address`
   */
  static parse(text: string): MAC {
    const octets = PAIRS.test(text) || QUADS.test(text) ? octetsOf(text.replace(/[:.-]/g, '')) : []
    if (!isLength(octets.length)) {
      throw new SyntaxError(text === '' ? 'invalid MAC address' : `address ${text}: invalid MAC address`)
    }
    return new MAC(octets)
  }

  /** @throws {RangeError} unless there are 6, 8 or 20 bytes */
  static fromBytes(bytes: Uint8Array): MAC {
    if (!isLength(bytes.length)) {
      throw new RangeError(`Cannot make a MAC address of ${bytes.length} bytes: not 6, 8 or 20`)
    }
    return new MAC([...bytes])
  }

  /** The address in transmission order. Each read is a fresh copy, the caller's to change. */
  get bytes(): Uint8Array {
    return Uint8Array.from(this.octets)
  }

  /** True when the I/G bit of the first octet is set: a group address, broadcast included (RFC 9542 section 2.1). */
  get isMulticast(): boolean {
    const [first = 0] = this.octets
    return (first & 1) === 1
  }

  /** True when the U/L bit of the first octet is set: locally administered (RFC 9542 section 2.1). */
  get isLocal(): boolean {
    const [first = 0] = this.octets
    return (first & 2) === 2
  }

  get isZero(): boolean {
    return this.octets.every((octet) => octet === 0)
  }

  equals(other: MAC): boolean {
    return this.octets.length === other.octets.length && this.octets.every((octet, i) => octet === other.octets[i])
  }

  /** Pairs of lower-case digits separated by `:`. */
  toString(): string {
    return this.octets.map((octet) => octet.toString(16).padStart(2, '0')).join(':')
  }

  /** The text of {@link toString}. */
  toJSON(): string {
    return this.toString()
  }

  [inspect](): string {
    return `MAC(${this})`
  }
}

function isLength(length: number): boolean {
  return length === 6 || length === 8 || length === 20
}

function octetsOf(digits: string): number[] {
  return Array.from({ length: digits.length / 2 }, (_, index) =>
    Number.parseInt(digits.slice(2 * index, 2 * index + 2), 16),
  )
}
