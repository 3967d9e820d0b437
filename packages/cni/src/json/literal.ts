import type { Place } from './codec.ts'
import type { JsonObject, JsonValue } from './value.ts'

/**
 * How the unusual numbers of a parsed array or object were spelled. Plain numbers cannot tell `1e3` from `1000`,
 * nor hold 9007199254740993; decoders of integers must do both. Only spellings that differ from the number's own
 * are kept, so that nearly every document costs nothing here.
 */
const spellings = new WeakMap<JsonObject | JsonValue[], Map<string | number, string>>()

/** Remembers that the number at `key` was written as `literal`, or forgets what was said of an earlier one. */
export function keepLiteral(
  container: JsonObject | JsonValue[],
  key: string | number,
  literal: string | undefined,
): void {
  const known = spellings.get(container)
  if (literal === undefined) known?.delete(key)
  else if (known) known.set(key, literal)
  else spellings.set(container, new Map([[key, literal]]))
}

/** Returns the place of the number at `key`, with its spelling when that is an unusual one. */
export function placeOfNumber(place: Place, container: JsonObject | JsonValue[], key: string | number): Place {
  const literal = spellings.get(container)?.get(key)
  return literal === undefined ? place : { ...place, path: place.path, literal }
}

/** Has the number at `key` of one object be spelled as that of another. */
export function copyLiteral(from: JsonObject, to: JsonObject, key: string): void {
  keepLiteral(to, key, spellings.get(from)?.get(key))
}
