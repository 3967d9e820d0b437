import type { JsonObject, JsonValue } from './value.ts'

/** Arrays and objects with more than plain data shows somewhere in them: the spelling of a number, a key said twice. */
const unusual = new WeakSet<JsonObject | JsonValue[]>()

/** Remembers that there is such a thing in an array or object. Returns whether that is new. */
export function keepUnusual(container: JsonObject | JsonValue[]): boolean {
  if (unusual.has(container)) return false
  unusual.add(container)
  return true
}

/** Whether there is more to a value than plain data shows. */
export function isUnusual(json: JsonValue): boolean {
  return typeof json === 'object' && json !== null && unusual.has(json)
}
