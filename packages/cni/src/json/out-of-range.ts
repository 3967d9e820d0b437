import { JsonError, type JsonObject, type JsonValue } from './value.ts'

/** Arrays and objects with a number somewhere in them that no double holds, and how the first such number was written. */
const literals = new WeakMap<JsonObject | JsonValue[], string>()

/** Remembers that there is such a number in an array or object. */
export function keepOutOfRange(container: JsonObject | JsonValue[], literal: string): void {
  if (!literals.has(container)) literals.set(container, literal)
}

/** Returns the spelling of the first number in a value that no double holds; `undefined` when doubles hold all of them. */
export function outOfRangeIn(json: JsonValue): string | undefined {
  return typeof json === 'object' && json !== null ? literals.get(json) : undefined
}

/** The error for such a number in plain data. */
export function outOfRangeError(literal: string): JsonError {
  return new JsonError(`json: cannot unmarshal number ${literal} into Go value of type float64`)
}
