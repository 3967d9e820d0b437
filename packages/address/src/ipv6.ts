import { type AddressValue, checkPrefixLength, type IPAddress, inspect } from './ip-address.ts'
import { parseIPv4Value } from './ipv4.ts'

const GROUP = /^[0-9a-f]{1,4}$/i
const LAST = (1n << 128n) - 1n
/** `::ffff:0.0.0.0` and `::ffff:255.255.255.255`, the ends of the block that no IPv6 value lies in. */
const FIRST_MAPPED = 0xffff_0000_0000n
const LAST_MAPPED = 0xffff_ffff_ffffn

/**
 * An IPv6 address without a zone: a frozen value.
 *
 * An IPv4-mapped address (`::ffff:0:0/96`) is an IPv4 address written in another way and never an `IPv6` value:
 * `parseIP` and `ipFromBytes` give the IPv4 value, the constructors of this class refuse it, `next` and `previous`
 * step over the block, and `setHostBits` stops before it.
 */
export class IPv6 implements IPAddress<IPv6> {
  readonly family = 6
  readonly bits = 128
  /** The address as eight 16-bit numbers. */
  readonly groups: readonly number[]

  private constructor(groups: readonly number[]) {
    this.groups = Object.freeze(groups)
    Object.freeze(this)
  }

  /**
   * Reads the text forms of RFC 4291 section 2.2.
   *
   * @throws {SyntaxError} for any other text, for a zone, and for an IPv4-mapped address
   */
  static parse(text: string): IPv6 {
    const groups = parseIPv6Groups(text)
    if (!groups || mappedIPv4Value(groups) !== undefined) throw new SyntaxError(`invalid IPv6 address: ${text}`)
    return new IPv6(groups)
  }

  /** @throws {RangeError} unless there are eight whole numbers from 0 to 65535, or when they are IPv4-mapped */
  static fromGroups(groups: readonly number[]): IPv6 {
    const copy = [...groups]
    if (copy.length !== 8 || !copy.every(isGroup)) {
      throw new RangeError(
        `Cannot make an IPv6 address of groups ${copy.join(', ')}: not eight 16-bit unsigned numbers`,
      )
    }
    refuseMapped(copy)
    return new IPv6(copy)
  }

  /** @throws {RangeError} unless `value` is from 0 to 2^128 - 1, or when it is IPv4-mapped */
  static fromBigInt(value: bigint): IPv6 {
    if (value < 0n || value > LAST) {
      throw new RangeError(`Cannot make an IPv6 address of ${value}: not a 128-bit unsigned number`)
    }
    const groups = groupsOf(value)
    refuseMapped(groups)
    return new IPv6(groups)
  }

  /**
   * Reads an address in network byte order.
   *
   * @throws {RangeError} unless there are 16 bytes, or when they are IPv4-mapped
   */
  static fromBytes(bytes: Uint8Array): IPv6 {
    if (bytes.length !== 16) throw new RangeError(`Cannot make an IPv6 address of ${bytes.length} bytes: not 16`)
    const groups = readIPv6Groups(bytes)
    refuseMapped(groups)
    return new IPv6(groups)
  }

  get bytes(): Uint8Array {
    return writeIPv6Groups(this.groups)
  }

  get isUnspecified(): boolean {
    return this.groups.every((group) => group === 0)
  }

  get isLoopback(): boolean {
    return this.groups.every((group, index) => group === (index === 7 ? 1 : 0))
  }

  get isMulticast(): boolean {
    const [first = 0] = this.groups
    return first >>> 8 === 0xff
  }

  get isLinkLocalUnicast(): boolean {
    const [first = 0] = this.groups
    return (first & 0xffc0) === 0xfe80
  }

  get isGlobalUnicast(): boolean {
    return !(this.isUnspecified || this.isLoopback || this.isMulticast || this.isLinkLocalUnicast)
  }

  toBigInt(): bigint {
    const view = new DataView(this.bytes.buffer)
    return (view.getBigUint64(0) << 64n) | view.getBigUint64(8)
  }

  toString(): string {
    return formatIPv6Groups(this.groups)
  }

  toJSON(): string {
    return this.toString()
  }

  equals(other: AddressValue): boolean {
    return this.compare(other) === 0
  }

  compare(other: AddressValue): number {
    if (other.family !== 6) return 1
    for (const [index, group] of this.groups.entries()) {
      const difference = group - (other.groups[index] ?? 0)
      if (difference !== 0) return difference
    }
    return 0
  }

  next(): IPv6 | undefined {
    const value = this.toBigInt() + 1n
    if (value > LAST) return undefined
    return new IPv6(groupsOf(value === FIRST_MAPPED ? LAST_MAPPED + 1n : value))
  }

  previous(): IPv6 | undefined {
    const value = this.toBigInt() - 1n
    if (value < 0n) return undefined
    return new IPv6(groupsOf(value === LAST_MAPPED ? FIRST_MAPPED - 1n : value))
  }

  add(count: bigint | number): IPv6 {
    const whole = typeof count === 'bigint' || Number.isInteger(count)
    const sum = whole ? this.toBigInt() + BigInt(count) : -1n
    if (sum < 0n || sum > LAST || (sum >= FIRST_MAPPED && sum <= LAST_MAPPED)) {
      throw new RangeError(`Cannot add ${count} to "${this}": the sum is not an IPv6 address`)
    }
    return new IPv6(groupsOf(sum))
  }

  clearHostBits(prefixLength: number): IPv6 {
    checkPrefixLength(this, prefixLength)
    return new IPv6(this.groups.map((group, index) => group & maskOf(prefixLength, index)))
  }

  setHostBits(prefixLength: number): IPv6 {
    checkPrefixLength(this, prefixLength)
    const groups = this.groups.map((group, index) => group | (maskOf(prefixLength, index) ^ 0xffff))
    return new IPv6(mappedIPv4Value(groups) === undefined ? groups : groupsOf(FIRST_MAPPED - 1n))
  }

  sharesPrefix(other: AddressValue, prefixLength: number): boolean {
    checkPrefixLength(this, prefixLength)
    if (other.family !== 6) return false
    return this.groups.every(
      (group, index) => ((group ^ (other.groups[index] ?? 0)) & maskOf(prefixLength, index)) === 0,
    )
  }

  [inspect](): string {
    return `IPv6(${this})`
  }
}

function isGroup(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= 0xffff
}

function refuseMapped(groups: readonly number[]): void {
  if (mappedIPv4Value(groups) === undefined) return
  throw new RangeError(`Cannot make an IPv6 address of "${formatIPv6Groups(groups)}": it is IPv4-mapped`)
}

function groupsOf(value: bigint): number[] {
  const bytes = new Uint8Array(16)
  const view = new DataView(bytes.buffer)
  view.setBigUint64(0, value >> 64n)
  view.setBigUint64(8, BigInt.asUintN(64, value))
  return readIPv6Groups(bytes)
}

/** The part of the network mask that falls on the group at `index`. */
function maskOf(prefixLength: number, index: number): number {
  const ones = Math.min(Math.max(prefixLength - 16 * index, 0), 16)
  return (0xffff << (16 - ones)) & 0xffff
}

/**
 * The eight 16-bit groups of an IPv6 text (RFC 4291 section 2.2), `undefined` for any other text. `::` may stand for
 * one group or more, a dotted quad for the last two; a zone (RFC 4007 section 11) is not part of an address.
 */
export function parseIPv6Groups(text: string): number[] | undefined {
  const [left = '', right, ...excess] = text.split('::')
  if (excess.length > 0) return undefined
  if (right === undefined) {
    const groups = parsePieces(left, { last: true })
    return groups?.length === 8 ? groups : undefined
  }
  const head = parsePieces(left, { last: false })
  const tail = parsePieces(right, { last: true })
  if (!head || !tail || head.length + tail.length > 7) return undefined
  return [...head, ...new Array<number>(8 - head.length - tail.length).fill(0), ...tail]
}

/** Groups of colon-separated pieces; only the `last` run of an address may end in a dotted quad. */
function parsePieces(text: string, { last }: { last: boolean }): number[] | undefined {
  const groups: number[] = []
  const pieces = text === '' ? [] : text.split(':')
  for (const [index, piece] of pieces.entries()) {
    if (GROUP.test(piece)) {
      groups.push(Number.parseInt(piece, 16))
      continue
    }
    const value = last && index === pieces.length - 1 ? parseIPv4Value(piece) : undefined
    if (value === undefined) return undefined
    groups.push(value >>> 16, value & 0xffff)
  }
  return groups
}

/** The eight groups of 16 bytes in network byte order. */
export function readIPv6Groups(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, 16)
  const groups: number[] = []
  for (let offset = 0; offset < 16; offset += 2) groups.push(view.getUint16(offset))
  return groups
}

/** The 16 bytes of eight groups in network byte order. */
function writeIPv6Groups(groups: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(16)
  const view = new DataView(bytes.buffer)
  for (const [index, group] of groups.entries()) view.setUint16(2 * index, group)
  return bytes
}

/** The text of eight groups in the form of RFC 5952 section 4. */
function formatIPv6Groups(groups: readonly number[]): string {
  const hex = groups.map((group) => group.toString(16))
  const { start, length } = longestZeroRun(groups)
  if (length < 2) return hex.join(':')
  return `${hex.slice(0, start).join(':')}::${hex.slice(start + length).join(':')}`
}

/** The first of the longest runs of zero groups (RFC 5952 section 4.2.3). */
function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let longest = { start: 0, length: 0 }
  let length = 0
  for (const [index, group] of groups.entries()) {
    length = group === 0 ? length + 1 : 0
    if (length > longest.length) longest = { start: index - length + 1, length }
  }
  return longest
}

/** The IPv4 value of groups in `::ffff:0:0/96` (RFC 4291 section 2.5.5.2), `undefined` for any other groups. */
export function mappedIPv4Value(groups: readonly number[]): number | undefined {
  const [a, b, c, d, e, marker, high = 0, low = 0] = groups
  const mapped = a === 0 && b === 0 && c === 0 && d === 0 && e === 0 && marker === 0xffff
  return mapped ? high * 65536 + low : undefined
}
