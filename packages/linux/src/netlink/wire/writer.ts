import { littleEndian } from './endian.ts'

/** Netlink aligns messages and attributes to this many bytes, `<linux/netlink.h> NLMSG_ALIGNTO`, `NLA_ALIGNTO`. */
const ALIGNMENT = 4

/** The next multiple of the netlink alignment. */
export function align(length: number): number {
  return (length + ALIGNMENT - 1) & ~(ALIGNMENT - 1)
}

/** A growing buffer. What is skipped for alignment is zero: kernel checks of padding depend on it. */
export class Writer {
  #bytes: Uint8Array
  #view: DataView
  #length = 0

  constructor(capacity = 512) {
    this.#bytes = new Uint8Array(capacity)
    this.#view = new DataView(this.#bytes.buffer)
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#length
  }

  u8(value: number): void {
    const offset = this.#reserve(1)
    this.#bytes[offset] = value
  }

  /** Host byte order. */
  u16(value: number): void {
    const offset = this.#reserve(2)
    this.#view.setUint16(offset, value, littleEndian)
  }

  /** Host byte order. */
  u32(value: number): void {
    const offset = this.#reserve(4)
    this.#view.setUint32(offset, value, littleEndian)
  }

  /** The low `size` bytes, at most four, of a whole number, of which a negative one is written as its two's complement. */
  integer(value: number, size: number, littleEndian: boolean): void {
    const offset = this.#reserve(size)
    if (size === 4) this.#view.setUint32(offset, value, littleEndian)
    else if (size === 2) this.#view.setUint16(offset, value, littleEndian)
    else
      for (let at = 0; at < size; at++) this.#bytes[offset + at] = value >>> (8 * (littleEndian ? at : size - 1 - at))
  }

  /** Host byte order. */
  u64(value: bigint): void {
    const offset = this.#reserve(8)
    this.#view.setBigUint64(offset, value, littleEndian)
  }

  bytes(value: Uint8Array): void {
    const offset = this.#reserve(value.length)
    this.#bytes.set(value, offset)
  }

  zeros(count: number): void {
    this.#reserve(count)
  }

  /** Zeros up to the next multiple of four. */
  pad(): void {
    this.#reserve(align(this.#length) - this.#length)
  }

  /** Writes an attribute: header, what `payload` writes, padding. `type` may carry NLA_F_NESTED. */
  attribute(type: number, payload: () => void): void {
    const start = this.beginAttribute()
    payload()
    this.endAttribute(start, type)
  }

  /** Leaves room for an attribute's header; the payload is written next. The result is for {@link endAttribute}. */
  beginAttribute(): number {
    return this.#reserve(4)
  }

  /** Writes the header of the attribute that has begun at `start`, and its padding. */
  endAttribute(start: number, type: number): void {
    const length = this.#length - start
    if (length > 0xffff) throw new RangeError(`Cannot encode attribute ${type & 0x3fff}: ${length} bytes exceed 65535`)
    this.#view.setUint16(start, length, littleEndian)
    this.#view.setUint16(start + 2, type, littleEndian)
    this.pad()
  }

  /** Overwrites four bytes written before, in host byte order: the length of a message known only at its end. */
  patchU32(offset: number, value: number): void {
    this.#view.setUint32(offset, value, littleEndian)
  }

  /** What has been written; a view that the next write may leave stale. */
  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#length)
  }

  #reserve(count: number): number {
    const start = this.#length
    this.#length += count
    if (this.#length > this.#bytes.length) this.#grow()
    return start
  }

  #grow(): void {
    const larger = new Uint8Array(Math.max(this.#length, this.#bytes.length * 2))
    larger.set(this.#bytes)
    this.#bytes = larger
    this.#view = new DataView(larger.buffer)
  }
}
