import { Memory } from './memory.ts'
import { JsonError, type JsonObject, type JsonValue } from './value.ts'

/** Of arrays and objects with a number somewhere in them that no double holds: how the first such number was written. */
export const outOfRange = new Memory<string>('out of range')

/** Remembers that there is such a number in an array or object. */
export function keepOutOfRange(container: JsonObject | JsonValue[], literal: string): void {
  if (outOfRange.of(container) === undefined) outOfRange.keep(container, literal)
}

/** Returns the spelling of the first number in a value that no double holds; `undefined` when doubles hold all of them. */
export function outOfRangeIn(json: JsonValue): string | undefined {
  return typeof json === 'object' && json !== null ? outOfRange.of(json) : undefined
}

/** The error for such a number in plain data. */
export function outOfRangeError(literal: string): JsonError {
  return new JsonError(`json: cannot unmarshal number ${literal} into Go value of type float64`)
}
