import type { JsonValue } from './value.ts'

/**
 * Nearly every document is read and printed by Go just as by the engine's own JSON functions, which are several times
 * quicker, most of all in a process that has just started. What is not is left to the parser and the formatter here.
 */

/** Too short to nest deeper than Go allows. */
const shortText = 20_000

/** A number that is not spelled as it would be printed, half a surrogate pair, or a whole one to be safe. */
const unusual = /[:,[\s]-?(?:[0-9]+[.eE]|[0-9]{16})|[:,[\s]-0|\\u[dD][89a-fA-F]|[\ud800-\udfff]/

const keys = /"\s*:/g

/** The value of an object's text, when the engine reads it as Go does; `undefined` when that is not sure. */
export function parsePlain(text: string): JsonValue | undefined {
  if (text.length > shortText || text[0] !== '{' || unusual.test(text)) return undefined
  try {
    const value: JsonValue = JSON.parse(text)
    // A key that was said twice counts where it was last said; the engine keeps its first place.
    return countKeys(value) === (text.match(keys) ?? []).length ? value : undefined
  } catch {
    return undefined
  }
}

function countKeys(value: JsonValue): number {
  if (typeof value !== 'object' || value === null) return 0
  let count = 0
  for (const part of Object.values(value)) count += countKeys(part)
  return Array.isArray(value) ? count : count + Object.keys(value).length
}

const halfSurrogate = /\\ud[89a-f]/

/** The text of a value, when the engine prints it as Go does, but for what Go escapes; `undefined` when it does not. */
export function formatPlain(value: JsonValue, indent: number | undefined): string | undefined {
  let plain = true
  const check = (_key: string, part: JsonValue) => {
    if (typeof part === 'number' && (!Number.isFinite(part) || Object.is(part, -0))) plain = false
    return part
  }
  try {
    const text = JSON.stringify(value, check, indent)
    return plain && !halfSurrogate.test(text) ? text : undefined
  } catch {
    return undefined
  }
}
