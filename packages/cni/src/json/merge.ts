import { earlierValues, keepEarlier } from './earlier.ts'
import { shallowValue } from './later.ts'
import { copyLiteral } from './literal.ts'
import { keepOutOfRange, outOfRangeIn } from './out-of-range.ts'
import { isJsonObject, type JsonObject, type JsonValue, setKey } from './value.ts'

/** Returns all values of a key of an object, repeated ones in the order of the document; of a list perhaps only that it is one. */
export function allValues(object: JsonObject, key: string): JsonValue[] {
  return [...(earlierValues(object, key) ?? []), shallowValue(object, key)]
}

/**
 * Merges the values of a repeated key: objects become one with the keys of all, of which the last counts; anything else
 * replaces what comes before it.
 */
export function mergeValues(values: readonly JsonValue[]): JsonValue {
  const last = values.at(-1) ?? null
  const objects = values.slice(values.findLastIndex((value) => !isJsonObject(value)) + 1).filter(isJsonObject)
  return objects.length > 1 ? merge(objects) : last
}

function merge(parts: readonly JsonObject[]): JsonObject {
  const whole: JsonObject = {}
  for (const part of parts) {
    for (const key of Object.keys(part)) {
      for (const value of earlierValues(part, key) ?? []) say(whole, key, value)
      say(whole, key, part[key] ?? null)
      copyLiteral(part, whole, key)
    }
    const literal = outOfRangeIn(part)
    if (literal !== undefined) keepOutOfRange(whole, literal)
  }
  return whole
}

function say(object: JsonObject, key: string, value: JsonValue): void {
  if (Object.hasOwn(object, key)) {
    keepEarlier(object, key)
    delete object[key]
  }
  setKey(object, key, value)
}
