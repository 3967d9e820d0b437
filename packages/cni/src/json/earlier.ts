import type { JsonObject, JsonValue } from './value.ts'

/** What keys said that an object said again, in the order of the document. Nearly no document has any. */
const repeated = new WeakMap<JsonObject, Map<string, JsonValue[]>>()

/** Remembers what a key says before it is said anew. */
export function keepEarlier(object: JsonObject, key: string): void {
  const keys = repeated.get(object) ?? new Map<string, JsonValue[]>()
  repeated.set(object, keys.set(key, [...(keys.get(key) ?? []), object[key] ?? null]))
}

/** Returns what a key said before it said what it says now; `undefined` when it was said once. */
export function earlierValues(object: JsonObject, key: string): readonly JsonValue[] | undefined {
  return repeated.get(object)?.get(key)
}
