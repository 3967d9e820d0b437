import { deferLongValues } from './deferred.ts'
import { keepEarlier } from './earlier.ts'
import { setLater } from './later.ts'
import { spellings } from './literal.ts'
import { outOfRange } from './out-of-range.ts'
import { type OutOfRange, parseText } from './parse.ts'
import { parsePlain } from './plain.ts'
import { type QuickReading, readQuickly } from './quick-reader.ts'
import type { JsonValue } from './value.ts'

export interface ParseOptions {
  /**
   * What a number is that no double holds, such as `1e400`: an error, as where Go reads plain data, or infinite, for a
   * document that tables will decode: it is then an error where a table has a key for it, and otherwise ignored.
   */
  outOfRange?: OutOfRange | undefined
  /** What a document is that is a list: whole, or without its elements, for a table that refuses it anyway. */
  list?: 'whole' | 'empty' | undefined
}

/**
 * Parses one JSON document. The last of several equal keys wins, but for decoders, which merge their objects (see
 * `object`); lone surrogates become U+FFFD; a key named `__proto__` is a key like any other.
 *
 * @throws {JsonError} with the text of Go's `encoding/json`: `unexpected end of JSON input`,
 *   `invalid character 'x' after top-level value`.
 */
export function parseJson(text: string, options: ParseOptions = {}): JsonValue {
  const json = parseLevels(text, options, deferredLevels)
  return options.list === 'empty' && Array.isArray(json) ? [] : json
}

/** Texts of fewer UTF-16 units are parsed whole. */
const shortText = 20_000
/** How many objects deep values are parsed later. Each level that somebody asks for looks through its text once more. */
const deferredLevels = 4

function parseLevels(text: string, options: ParseOptions, levels: number): JsonValue {
  return readQuickly(text, readingOf(options, levels)) ?? parsePlain(text) ?? parseDeferring(text, options, levels)
}

function readingOf(options: ParseOptions, levels: number): QuickReading {
  const read = readerOfMembers(options, levels)
  return {
    isStrict: options.outOfRange !== 'infinite',
    isListEmpty: options.list === 'empty',
    later: levels === 0 ? undefined : (object, key, text) => setLater(object, key, text, read),
    again: keepEarlier,
    wrong: (before, rest) => parseText(before + rest, options.outOfRange),
    spellings: spellings.key,
    outOfRange: outOfRange.key,
  }
}

function parseDeferring(text: string, options: ParseOptions, levels: number): JsonValue {
  if (text.length < shortText || levels === 0) return parseText(text, options.outOfRange)
  return parseText(text, options.outOfRange, deferLongValues(text, readerOfMembers(options, levels)))
}

function readerOfMembers({ outOfRange }: ParseOptions, levels: number): (text: string) => JsonValue {
  return (text) => parseLevels(text, outOfRange === undefined ? {} : { outOfRange }, levels - 1)
}
