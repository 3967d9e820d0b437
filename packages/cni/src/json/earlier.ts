import { shallowValue } from './later.ts'
import { Memory } from './memory.ts'
import type { JsonObject, JsonValue } from './value.ts'

/** The earlier values of repeated keys, in the order of the document. Hardly any document has one. */
const repeated = new Memory<Map<string, JsonValue[]>>('repeated')

/** Keeps the value of a key before a repeated key replaces it; of a list only that it was one. */
export function keepEarlier(object: JsonObject, key: string): void {
  const keys = repeated.of(object) ?? new Map<string, JsonValue[]>()
  if (keys.size === 0) repeated.keep(object, keys)
  const values = keys.get(key)
  if (values) values.push(shallowValue(object, key))
  else keys.set(key, [shallowValue(object, key)])
}

/** Returns the earlier values of a repeated key; `undefined` for a key that is not repeated. */
export function earlierValues(object: JsonObject, key: string): readonly JsonValue[] | undefined {
  return repeated.of(object)?.get(key)
}

/** Whether an object that was parsed from text has a key more than once. */
export function hasRepeatedKeys(object: JsonObject | JsonValue[]): boolean {
  return repeated.of(object) !== undefined
}
