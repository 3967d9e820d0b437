import { isJsonObject, type JsonObject, type JsonValue, map, parseJson, raw } from '../json/index.ts'

/** Returns Go's name of the type that a JSON value has in a generic tree: its `%T`. */
export function goType(value: JsonValue): string {
  if (value === null) return '<nil>'
  if (Array.isArray(value)) return '[]interface {}'
  if (typeof value === 'object') return 'map[string]interface {}'
  return typeof value === 'number' ? 'float64' : typeof value === 'boolean' ? 'bool' : 'string'
}

/** Parses text that must be a JSON object; `null` counts as an empty one. Throws JsonError. */
export function parseObject(text: string): JsonObject {
  const value = parseJson(text)
  return isJsonObject(value) ? value : map(raw).decode(value)
}
