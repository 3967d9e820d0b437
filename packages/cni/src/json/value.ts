/** How deep arrays and objects may nest: Go's limit. */
export const maxDepth = 10_000

/** Any JSON value, as plain data. Numbers are IEEE doubles, as in Go's generic values. */
export type JsonValue = string | number | boolean | null | JsonValue[] | JsonObject

/** A JSON object, keys in document order (whole-number keys first: JavaScript's own order). */
export interface JsonObject {
  [key: string]: JsonValue
}

/** Text that is not JSON, or JSON that does not fit where it is wanted; the message is Go's `encoding/json`'s. */
export class JsonError extends SyntaxError {
  override readonly name = 'JsonError'
}

/** Whether a value is a JSON object: neither null nor an array. */
export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Sets an own property whatever its name: plain assignment to `__proto__` would replace the prototype. */
export function setKey(object: JsonObject, key: string, value: JsonValue): void {
  if (key === '__proto__') {
    Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true })
  } else {
    object[key] = value
  }
}
