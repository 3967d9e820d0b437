import { type Bytes, type Codec, DecodeError, type FixedCodec } from './codec.ts'
import { littleEndian, viewOf } from './endian.ts'
import type { Writer } from './writer.ts'

/** A whole number of up to four bytes. */
class Integer implements FixedCodec<number> {
  readonly size: number
  readonly #minimum: number
  readonly #maximum: number
  readonly #littleEndian: boolean

  constructor(size: number, { signed = false, bigEndian = false } = {}) {
    this.size = size
    const span = 2 ** (8 * size)
    this.#minimum = signed ? -span / 2 : 0
    this.#maximum = this.#minimum + span - 1
    this.#littleEndian = littleEndian && !bigEndian
  }

  write(w: Writer, value: number): void {
    if (!Number.isInteger(value) || value < this.#minimum || value > this.#maximum)
      throw new RangeError(`Cannot encode ${value}: not an integer from ${this.#minimum} to ${this.#maximum}`)
    w.integer(value, this.size, this.#littleEndian)
  }

  read(payload: Uint8Array): number {
    return this.readAt(payload, 0, payload.length)
  }

  readAt(bytes: Uint8Array, start: number, end: number): number {
    const { size } = this
    checkSize(size, end - start)
    let value = 0
    for (let at = 0; at < size; at++) value = value * 256 + (bytes[this.#littleEndian ? end - 1 - at : start + at] ?? 0)
    return value > this.#maximum ? value - 2 ** (8 * size) : value
  }
}

function checkSize(size: number, length: number): void {
  if (length !== size) throw new DecodeError('', `${length} bytes instead of ${size}`)
}

function exactly(size: number, payload: Uint8Array): Uint8Array {
  checkSize(size, payload.length)
  return payload
}

/** Unsigned, one byte. */
export const u8: FixedCodec<number> = new Integer(1)

/** Unsigned, two bytes, host byte order. */
export const u16: FixedCodec<number> = new Integer(2)

/** Unsigned, four bytes, host byte order. */
export const u32: FixedCodec<number> = new Integer(4)

/** Signed, one byte. */
export const s8: FixedCodec<number> = new Integer(1, { signed: true })

/** Signed, four bytes, host byte order. */
export const s32: FixedCodec<number> = new Integer(4, { signed: true })

/** Unsigned, two bytes, network byte order. */
export const be16: FixedCodec<number> = new Integer(2, { bigEndian: true })

/** Unsigned, four bytes, network byte order. */
export const be32: FixedCodec<number> = new Integer(4, { bigEndian: true })

/** Unsigned, eight bytes, host byte order. */
export const u64: FixedCodec<bigint> = {
  size: 8,
  write(w, value) {
    if (value < 0n || value > 0xffffffffffffffffn)
      throw new RangeError(`Cannot encode ${value}: not an unsigned 64-bit integer`)
    w.u64(value)
  },
  read(payload) {
    return viewOf(exactly(8, payload)).getBigUint64(0, littleEndian)
  },
}

/** Unsigned, eight bytes, network byte order. */
export const be64: FixedCodec<bigint> = {
  size: 8,
  write(w, value) {
    if (BigInt.asUintN(64, value) !== value)
      throw new RangeError(`Cannot encode ${value}: not an unsigned 64-bit integer`)
    be32.write(w, Number(value >> 32n))
    be32.write(w, Number(value & 0xffffffffn))
  },
  read(payload) {
    return viewOf(exactly(8, payload)).getBigUint64(0)
  },
}

/** Signed, eight bytes, host byte order. */
export const s64: FixedCodec<bigint> = {
  size: 8,
  write(w, value) {
    if (BigInt.asIntN(64, value) !== value) throw new RangeError(`Cannot encode ${value}: not a signed 64-bit integer`)
    w.u64(BigInt.asUintN(64, value))
  },
  read(payload) {
    return viewOf(exactly(8, payload)).getBigInt64(0, littleEndian)
  },
}

/** One byte: 0 is false, anything else true. */
export const boolean8: FixedCodec<boolean> = {
  size: 1,
  write: (w, value) => w.u8(value ? 1 : 0),
  read: (payload) => exactly(1, payload)[0] !== 0,
  readAt(bytes, start, end) {
    checkSize(1, end - start)
    return bytes[start] !== 0
  },
}

/** No payload: the attribute is there or it is not. */
export const flag: Codec<true> = {
  write() {},
  read: () => true,
  readAt: () => true,
}

/** Zero bytes that mean nothing. */
export function padding(size: number): FixedCodec<undefined> {
  return { size, write: (w) => w.zeros(size), read: () => undefined, readAt: () => undefined }
}

/** Bytes as they are; the value is a copy-free view of the datagram. */
export const binary: Codec<Bytes> = {
  write: (w, value) => w.bytes(value),
  read: (payload) => payload,
}

/** A given number of bytes as they are. */
export function binaryOf(size: number): FixedCodec<Bytes> {
  return {
    size,
    write(w, value) {
      if (value.length !== size) throw new RangeError(`Cannot encode ${value.length} bytes: the field has ${size}`)
      w.bytes(value)
    },
    read: (payload) => exactly(size, payload),
  }
}

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** Text up to a NUL byte, which is written and need not be there when read. */
export const string: Codec<string> = {
  write(w, value) {
    if (value.includes('\0')) throw new RangeError(`Cannot encode ${JSON.stringify(value)}: text with a NUL in it`)
    w.bytes(encoder.encode(value))
    w.u8(0)
  },
  read: (payload) => textAt(payload, 0, payload.length),
  readAt: textAt,
}

function textAt(bytes: Uint8Array, start: number, limit: number): string {
  const nul = bytes.indexOf(0, start)
  return decoder.decode(bytes.subarray(start, nul >= 0 && nul < limit ? nul : limit))
}

/** Some of the values that a codec allows, named; a number without a name stays a number. */
export function named<const N extends Record<string, number>>(
  codec: FixedCodec<number>,
  names: N,
): FixedCodec<keyof N | number> {
  const byNumber = new Map(Object.entries(names).map(([name, value]): [number, keyof N] => [value, name]))
  return {
    size: codec.size,
    write(w, value) {
      const encoded = typeof value === 'number' ? value : names[value]
      if (encoded === undefined) throw new RangeError(`Cannot encode "${String(value)}": not a known name`)
      codec.write(w, encoded)
    },
    read(payload) {
      const value = codec.read(payload)
      return byNumber.get(value) ?? value
    },
  }
}
