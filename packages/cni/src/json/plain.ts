import type { JsonObject, JsonValue } from './value.ts'

/**
 * Nearly every document is read and printed by Go just as by the engine's own JSON functions, which are several times
 * quicker, most of all in a process that has just started. What is not is left to the parser and the formatter here.
 */

/** Too short to nest deeper than Go allows. */
const shortText = 20_000

/**
 * A number that is not spelled as it would be printed, half a surrogate pair or a whole one to be safe, an escape that
 * only some engine has, or a colon that does not follow at once: see {@link countColons}.
 */
const unusual =
  /[:,[\s]-?(?:[0-9]+[.eE]|[0-9]{16})|[:,[\s]-0|\\(?:u[dD][89a-fA-F]|u(?![0-9a-fA-F]{4})|[^"\\/bfnrtu])|[\ud800-\udfff]|\s:/

/** The value of an object's text, when the engine reads it as Go does; `undefined` when that is not sure. */
export function parsePlain(text: string): JsonValue | undefined {
  if (text.length > shortText || text[0] !== '{' || unusual.test(text)) return undefined
  try {
    const value: JsonObject = JSON.parse(text)
    // A key that was said twice counts where it was last said; the engine keeps its first place.
    return countKeys(value) === countColons(text) ? value : undefined
  } catch {
    return undefined
  }
}

/** Returns how many keys the objects in a value have in all. */
function countKeys(value: JsonValue): number {
  if (typeof value !== 'object' || value === null) return 0
  let count = 0
  if (Array.isArray(value)) {
    for (const part of value) count += countKeys(part)
    return count
  }
  for (const key in value) count += 1 + countKeys(value[key] ?? null)
  return count
}

/** Returns how many colons there are behind a quote: one a key, and perhaps more within strings. */
function countColons(text: string): number {
  let count = 0
  for (let at = text.indexOf('":'); at !== -1; at = text.indexOf('":', at + 2)) count++
  return count
}

/** The text of a value, when the engine prints it as Go does, but for what Go escapes; `undefined` when it does not. */
export function formatPlain(value: JsonValue, indent: number | undefined): string | undefined {
  try {
    if (hasOddNumber(value)) return undefined
    const text = JSON.stringify(value, null, indent)
    // Half a surrogate pair, most likely.
    return text.includes('\\ud') ? undefined : text
  } catch {
    return undefined
  }
}

/** Whether there is a number in a value that JSON does not have, or minus zero, which the engine prints as zero. */
function hasOddNumber(value: JsonValue): boolean {
  if (typeof value === 'number') return !Number.isFinite(value) || Object.is(value, -0)
  if (typeof value !== 'object' || value === null) return false
  if (Array.isArray(value)) return value.some(hasOddNumber)
  for (const key in value) if (hasOddNumber(value[key] ?? null)) return true
  return false
}
