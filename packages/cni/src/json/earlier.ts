import type { JsonObject, JsonValue } from './value.ts'

/** The earlier values of repeated keys, in the order of the document. Hardly any document has one. */
const repeated = new WeakMap<JsonObject, Map<string, JsonValue[]>>()

/** Keeps the value of a key before a repeated key replaces it. */
export function keepEarlier(object: JsonObject, key: string): void {
  const keys = repeated.get(object) ?? new Map<string, JsonValue[]>()
  repeated.set(object, keys.set(key, [...(keys.get(key) ?? []), object[key] ?? null]))
}

/** Returns the earlier values of a repeated key; `undefined` for a key that is not repeated. */
export function earlierValues(object: JsonObject, key: string): readonly JsonValue[] | undefined {
  return repeated.get(object)?.get(key)
}
