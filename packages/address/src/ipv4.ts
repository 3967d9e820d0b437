import { type AddressValue, checkPrefixLength, type IPAddress, inspect } from './ip-address.ts'

const LAST = 0xffffffff
const DOT = 46
const ZERO = 48
/** An octet before its first digit. */
const NONE = -1

/** An IPv4 address: a frozen value. */
export class IPv4 implements IPAddress<IPv4> {
  readonly family = 4
  readonly bits = 32
  /** The address as an unsigned 32-bit number. */
  readonly value: number

  private constructor(value: number) {
    this.value = value
    Object.freeze(this)
  }

  /**
   * Reads a dotted quad of four decimal octets without leading zeros.
   *
   * @throws {SyntaxError} for any other text, the IPv4-mapped form of IPv6 included (`parseIP` takes that too)
   */
  static parse(text: string): IPv4 {
    const value = parseIPv4Value(text)
    if (value === undefined) throw new SyntaxError(`invalid IPv4 address: ${text}`)
    return new IPv4(value)
  }

  /** @throws {RangeError} unless `value` is a whole number from 0 to 2^32 - 1 */
  static fromNumber(value: number): IPv4 {
    if (!isValue(value)) throw new RangeError(`Cannot make an IPv4 address of ${value}: not a 32-bit unsigned number`)
    return new IPv4(value)
  }

  /** @throws {RangeError} unless `value` is from 0 to 2^32 - 1 */
  static fromBigInt(value: bigint): IPv4 {
    return IPv4.fromNumber(Number(value))
  }

  /**
   * Reads an address in network byte order.
   *
   * @throws {RangeError} unless there are 4 bytes
   */
  static fromBytes(bytes: Uint8Array): IPv4 {
    if (bytes.length !== 4) throw new RangeError(`Cannot make an IPv4 address of ${bytes.length} bytes: not 4`)
    return new IPv4(new DataView(bytes.buffer, bytes.byteOffset).getUint32(0))
  }

  get bytes(): Uint8Array {
    return Uint8Array.of(this.value >>> 24, this.value >>> 16, this.value >>> 8, this.value)
  }

  get isUnspecified(): boolean {
    return this.value === 0
  }

  get isLoopback(): boolean {
    return this.value >>> 24 === 127
  }

  get isMulticast(): boolean {
    return this.value >>> 28 === 0xe
  }

  get isLinkLocalUnicast(): boolean {
    return this.value >>> 16 === 0xa9fe
  }

  get isGlobalUnicast(): boolean {
    const special = this.isUnspecified || this.isLoopback || this.isMulticast || this.isLinkLocalUnicast
    return !special && this.value !== LAST
  }

  toBigInt(): bigint {
    return BigInt(this.value)
  }

  toString(): string {
    const { value } = this
    return `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}`
  }

  toJSON(): string {
    return this.toString()
  }

  equals(other: AddressValue): boolean {
    return other.family === 4 && other.value === this.value
  }

  compare(other: AddressValue): number {
    return other.family === 4 ? this.value - other.value : -1
  }

  next(): IPv4 | undefined {
    return this.value === LAST ? undefined : new IPv4(this.value + 1)
  }

  previous(): IPv4 | undefined {
    return this.value === 0 ? undefined : new IPv4(this.value - 1)
  }

  add(count: bigint | number): IPv4 {
    const sum = this.value + Number(count)
    if (!isValue(sum)) throw new RangeError(`Cannot add ${count} to "${this}": the sum is not an IPv4 address`)
    return new IPv4(sum)
  }

  clearHostBits(prefixLength: number): IPv4 {
    checkPrefixLength(this, prefixLength)
    return new IPv4((this.value & maskOf(prefixLength)) >>> 0)
  }

  setHostBits(prefixLength: number): IPv4 {
    checkPrefixLength(this, prefixLength)
    return new IPv4((this.value | ~maskOf(prefixLength)) >>> 0)
  }

  sharesPrefix(other: AddressValue, prefixLength: number): boolean {
    checkPrefixLength(this, prefixLength)
    return other.family === 4 && ((this.value ^ other.value) & maskOf(prefixLength)) === 0
  }

  [inspect](): string {
    return `IPv4(${this})`
  }
}

function isValue(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= LAST
}

/** A shift by 32 would be a shift by 0, hence the first case. */
function maskOf(prefixLength: number): number {
  return prefixLength === 0 ? 0 : LAST << (32 - prefixLength)
}

/**
 * The unsigned 32-bit value of a dotted quad, `undefined` for any other text. RFC 6943 section 3.1.1 "strict" form: an
 * octet never has a leading zero, which C libraries would read as octal.
 */
export function parseIPv4Value(text: string): number | undefined {
  let value = 0
  let dots = 0
  let octet = NONE
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === DOT && octet !== NONE) {
      value = value * 256 + octet
      octet = NONE
      dots++
    } else {
      octet = withDigit(octet, code - ZERO)
      if (octet === NONE) return undefined
    }
  }
  return dots === 3 && octet !== NONE ? value * 256 + octet : undefined
}

/** An octet with one more digit, `NONE` when that makes no octet. */
function withDigit(octet: number, digit: number): number {
  if (digit < 0 || digit > 9 || octet === 0) return NONE
  const longer = octet === NONE ? digit : octet * 10 + digit
  return longer > 255 ? NONE : longer
}
