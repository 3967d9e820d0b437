import { absent, type Codec, codec, mismatch, type Place } from './codec.ts'
import { formatJson } from './format.ts'
import { outOfRangeIn } from './out-of-range.ts'
import { parseJson } from './parse-json.ts'
import { isUnusual } from './unusual.ts'
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

/**
 * Whatever stands there, as plain data: what is passed through. A decoder that gets it later sees what Go writes of it, in
 * which `1.0` is `1` and the last of several equal keys is the only one.
 */
export const raw: Codec<JsonValue> = codec({
  goType: 'interface {}',
  zero: null,
  nothing: () => null,
  read(json, place) {
    const literal = typeof json === 'number' && !Number.isFinite(json) ? place.literal : outOfRangeIn(json)
    if (literal !== undefined) throw mismatch(`number ${literal}`, place, 'float64')
    return (isUnusual(json) ? parseJson(formatJson(json, { sortKeys: true })) : json) ?? undefined
  },
})

/**
 * A value written as text: an address, a duration.
 *
 * @param goType what Go calls the type: `net.IP`.
 * @param parse makes the value, or `undefined` for text that means absent; a SyntaxError keeps its message, and gets a cause
 *   that names the key. Other errors are passed on as they are.
 */
export function text<T>(goType: string, parse: (text: string) => T | undefined): Codec<T> {
  function read(json: JsonValue, place: Place): T | undefined {
    if (typeof json !== 'string') return absent(json, place, goType)
    try {
      return parse(json)
    } catch (error) {
      throw error instanceof SyntaxError ? namingKey(error, place) : error
    }
  }
  return codec({ goType, read })
}

function namingKey(error: SyntaxError, place: Place): SyntaxError {
  const key = place.written ?? place.path
  if (key === '') return error
  return new SyntaxError(error.message, { cause: new SyntaxError(`Cannot read key "${key}"`, { cause: error }) })
}
