import { absent, type Codec, codec, mismatch } from './codec.ts'
import { outOfRangeIn } from './out-of-range.ts'
import type { JsonValue } from './value.ts'

/** Text. */
export const string: Codec<string> = codec({
  goType: 'string',
  zero: '',
  nothing: () => '',
  read: (json, place) => (typeof json === 'string' ? json : absent(json, place, 'string')),
})

/** `true` or `false`, never their names in quotes. */
export const boolean: Codec<boolean> = codec({
  goType: 'bool',
  zero: false,
  nothing: () => false,
  read: (json, place) => (typeof json === 'boolean' ? json : absent(json, place, 'bool')),
})

/** Whatever stands there, as plain data: what is passed through. */
export const raw: Codec<JsonValue> = codec({
  goType: 'interface {}',
  zero: null,
  nothing: () => null,
  read(json, place) {
    const literal = typeof json === 'number' && !Number.isFinite(json) ? place.literal : outOfRangeIn(json)
    if (literal !== undefined) throw mismatch(`number ${literal}`, place, 'float64')
    return json ?? undefined
  },
})

/**
 * A value written as text: an address, a duration.
 *
 * @param goType what Go calls the type: `net.IP`.
 * @param parse makes the value, or `undefined` for text that means absent; its errors are passed on as they are.
 */
export function text<T>(goType: string, parse: (text: string) => T | undefined): Codec<T> {
  return codec({
    goType,
    read: (json, place) => (typeof json === 'string' ? parse(json) : absent(json, place, goType)),
  })
}
