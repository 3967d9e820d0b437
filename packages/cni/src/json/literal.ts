import type { Place } from './codec.ts'
import { Memory } from './memory.ts'
import type { JsonObject, JsonValue } from './value.ts'

/** How numbers of an array or object were spelled, by their keys. */
export interface Spellings {
  [key: string | number]: string | undefined
}

/**
 * How the unusual numbers of a parsed array or object were spelled. Plain numbers cannot tell `1e3` from `1000`,
 * nor hold 9007199254740993; decoders of integers must do both. Only spellings that may differ from the number's own
 * are kept, so that nearly every document costs nothing here.
 */
export const spellings = new Memory<Spellings>('spellings')

/** Remembers that the number at `key` was written as `literal`, or forgets what was said of an earlier one. */
export function keepLiteral(
  container: JsonObject | JsonValue[],
  key: string | number,
  literal: string | undefined,
): void {
  const known = spellings.of(container)
  if (known) known[key] = literal
  if (known || literal === undefined) return
  // Without a prototype, `__proto__` is a key like any other.
  const made: Spellings = Object.create(null)
  made[key] = literal
  spellings.keep(container, made)
}

/** Returns the place of the number at `key`, with its spelling when that is an unusual one. */
export function placeOfNumber(place: Place, container: JsonObject | JsonValue[], key: string | number): Place {
  const literal = spellings.of(container)?.[key]
  return literal === undefined ? place : { ...place, path: place.path, literal }
}

/** Has the number at `key` of one object be spelled as that of another. */
export function copyLiteral(from: JsonObject, to: JsonObject, key: string): void {
  keepLiteral(to, key, spellings.of(from)?.[key])
}
