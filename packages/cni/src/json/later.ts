import { Memory } from './memory.ts'
import type { JsonObject, JsonValue } from './value.ts'

/** The keys of an object whose values were lists that are read when somebody asks for them. */
const laterLists = new Memory<Set<string>>('later lists')

/** Sets an own property that is read, from its text, when somebody asks for it first. */
export function setLater(object: JsonObject, key: string, text: string, read: (text: string) => JsonValue): void {
  function set(value: JsonValue): void {
    Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true })
  }
  function get(): JsonValue {
    const value = read(text)
    set(value)
    return value
  }
  Object.defineProperty(object, key, { get, set, enumerable: true, configurable: true })
  if (text[0] === '[') laterLists.keep(object, (laterLists.of(object) ?? new Set()).add(key))
  else laterLists.of(object)?.delete(key)
}

/** The value of a key for somebody who wants an object: a list that is not read yet is left so, and `[]` stands for it. */
export function shallowValue(object: JsonObject, key: string): JsonValue {
  const isList = laterLists.of(object)?.has(key) && Object.getOwnPropertyDescriptor(object, key)?.get !== undefined
  return isList ? [] : (object[key] ?? null)
}
