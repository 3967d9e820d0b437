import { absent, type Codec, codec, mismatch, type Place } from './codec.ts'
import { formatNumber } from './format.ts'
import type { JsonValue } from './value.ts'

/** Whole numbers of 64 bits with a sign. Beyond 2^53 the nearest double is returned. */
export const int: Codec<number> = integer('int', { bits: 64, signed: true })

/** Whole numbers of 64 bits without a sign. Beyond 2^53 the nearest double is returned; see {@link uint64}. */
export const uint: Codec<number> = integer('uint', { bits: 64, signed: false })

/** Whole numbers of 16 bits without a sign. */
export const uint16: Codec<number> = integer('uint16', { bits: 16, signed: false })

/** Whole numbers of 32 bits without a sign. */
export const uint32: Codec<number> = integer('uint32', { bits: 32, signed: false })

/** Whole numbers of 64 bits without a sign, exact. */
export const uint64: Codec<bigint> = codec({
  goType: 'uint64',
  zero: 0n,
  nothing: () => 0n,
  read: (json, place) => readInteger(json, place, { goType: 'uint64', least: 0n, most: 2n ** 64n - 1n }),
})

/** Any number. */
export const float64: Codec<number> = codec({
  goType: 'float64',
  zero: 0,
  nothing: () => 0,
  read(json, place) {
    if (typeof json !== 'number') return absent(json, place, 'float64')
    if (!Number.isFinite(json)) throw mismatch(`number ${place.literal}`, place, 'float64')
    return json
  },
})

interface IntegerRange {
  readonly goType: string
  readonly least: bigint
  readonly most: bigint
}

function integer(goType: string, { bits, signed }: { bits: 16 | 32 | 64; signed: boolean }): Codec<number> {
  const most = 2n ** BigInt(signed ? bits - 1 : bits) - 1n
  const range = { goType, least: signed ? -most - 1n : 0n, most }
  const [least, limit] = [Number(range.least), Number(range.most)]
  return codec({
    goType,
    zero: 0,
    nothing: () => 0,
    read(json, place) {
      if (isPlainInteger(json, place) && json >= least && json <= limit) return json
      const value = readInteger(json, place, range)
      return value === undefined ? undefined : Number(value)
    },
  })
}

/** Whether a number is a whole one, spelled as it is printed, that a double holds exactly. */
function isPlainInteger(json: JsonValue, place: Place): json is number {
  return place.literal === undefined && Number.isSafeInteger(json) && !Object.is(json, -0)
}

/** Go reads an integer's literal digit by digit: `1.0` and `1e3` are none. */
function readInteger(json: JsonValue, place: Place, range: IntegerRange): bigint | undefined {
  if (typeof json !== 'number') return absent(json, place, range.goType)
  const literal = place.literal ?? formatNumber(json)
  // Go's unsigned parser takes no sign at all, not even that of `-0`.
  const shape = range.least < 0n ? /^-?[0-9]+$/ : /^[0-9]+$/
  const value = shape.test(literal) ? BigInt(literal) : undefined
  if (value === undefined || value < range.least || value > range.most) {
    throw mismatch(`number ${literal}`, place, range.goType)
  }
  return value
}
