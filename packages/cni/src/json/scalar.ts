import { type Codec, codec, kindOf, mismatch } from './codec.ts'
import type { JsonValue } from './value.ts'

/** Text. */
export const string: Codec<string> = codec({
  goType: 'string',
  zero: '',
  nothing: () => '',
  read(json, place) {
    if (typeof json !== 'string') throw mismatch(kindOf(json), place, 'string')
    return json
  },
})

/** `true` or `false`, never their names in quotes. */
export const boolean: Codec<boolean> = codec({
  goType: 'bool',
  zero: false,
  nothing: () => false,
  read(json, place) {
    if (typeof json !== 'boolean') throw mismatch(kindOf(json), place, 'bool')
    return json
  },
})

/** Whatever stands there, as plain data: what is passed through. */
export const raw: Codec<JsonValue> = codec({
  goType: 'interface {}',
  zero: null,
  nothing: () => null,
  read: (json) => json,
})

/**
 * A value written as text: an address, a duration.
 *
 * @param goType what Go calls the type: `net.IP`.
 * @param parse makes the value, or `undefined` when the text says nothing; its errors are passed on as they are.
 */
export function text<T>(goType: string, parse: (text: string) => T | undefined): Codec<T> {
  return codec({
    goType,
    read(json, place) {
      if (typeof json !== 'string') throw mismatch(kindOf(json), place, goType)
      return parse(json)
    },
  })
}
