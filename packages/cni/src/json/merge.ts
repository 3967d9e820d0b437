import { earlierValues, keepEarlier } from './earlier.ts'
import { copyLiteral } from './literal.ts'
import { keepOutOfRange, outOfRangeIn } from './out-of-range.ts'
import { isJsonObject, type JsonObject, type JsonValue, setKey } from './value.ts'

/** Returns all values of a key of an object, repeated ones in the order of the document. */
export function allValues(object: JsonObject, key: string): JsonValue[] {
  return [...(earlierValues(object, key) ?? []), object[key] ?? null]
}

/**
 * Merges the values of a repeated key: objects become one with the keys of all, of which the last counts; anything else
 * replaces what comes before it.
 */
export function mergeValues(values: readonly JsonValue[]): JsonValue {
  return values.reduce((before, value) => (isJsonObject(before) && isJsonObject(value) ? merge(before, value) : value))
}

function merge(first: JsonObject, second: JsonObject): JsonObject {
  const whole: JsonObject = {}
  for (const part of [first, second]) {
    for (const key of Object.keys(part)) for (const value of allValues(part, key)) say(whole, key, value)
    for (const key of Object.keys(part)) copyLiteral(part, whole, key)
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
