import { type Deferred, type Deferring, deferNothing } from './deferred.ts'
import { keepEarlier } from './earlier.ts'
import { setLater } from './later.ts'
import { keepLiteral } from './literal.ts'
import { keepOutOfRange, outOfRangeError } from './out-of-range.ts'
import { quoteCharacter } from './quote.ts'
import { closingQuote, readString } from './string-literal.ts'
import { JsonError, type JsonObject, type JsonValue, maxDepth, setKey } from './value.ts'

/** What a number is that no double holds: see {@link parseJson}. */
export type OutOfRange = 'error' | 'infinite'

/** Parses a document, but for what is left for later. */
export function parseText(
  text: string,
  outOfRange: OutOfRange = 'error',
  deferring: Deferring = deferNothing,
): JsonValue {
  return new Parser(text, outOfRange, deferring).document()
}

/** An array or object whose values are still being read; an object also has the key that the next one belongs to. */
type Frame = { array: JsonValue[] } | { object: JsonObject; key: string }

const space = /[ \t\n\r]*/y
/** All but control characters, the quote and the backslash. */
const plainText = /[ !#-[\]-\uffff]*/y
const integerPart = /-?(?:0|[1-9][0-9]*)/y
const point = /\./y
const exponent = /[eE][+-]?/y
const digits = /[0-9]+/y
const hexDigits = /[0-9a-fA-F]*/y
const fourHexDigits = /[0-9a-fA-F]{4}/y
const literals = new Map<string, readonly [word: string, value: JsonValue]>([
  ['t', ['true', true]],
  ['f', ['false', false]],
  ['n', ['null', null]],
])

const escapes: ReadonlySet<string> = new Set('"\\/bfnrt')

class Parser {
  readonly #text: string
  readonly #outOfRange: OutOfRange
  readonly #deferring: Deferring
  /** No recursion: a document may be nested deeper than the stack allows. */
  readonly #open: Frame[] = []
  #at = 0
  /** How the number last read was spelled, when that is not how it would be printed. */
  #literal: string | undefined
  /** What stands for the value last read, when that is parsed later. */
  #later: Deferred | undefined

  constructor(text: string, outOfRange: OutOfRange, deferring: Deferring) {
    this.#text = text
    this.#outOfRange = outOfRange
    this.#deferring = deferring
  }

  document(): JsonValue {
    for (;;) {
      let value = this.#beginValue()
      while (value !== undefined) {
        const top = this.#open.at(-1)
        if (top === undefined) return this.#end(value)
        this.#store(top, value)
        value = this.#nextPart(top)
      }
    }
  }

  #end(value: JsonValue): JsonValue {
    this.#skip(space)
    if (this.#at < this.#text.length) throw this.#unexpected('after top-level value')
    return value
  }

  /** Reads a scalar or an empty container whole; opens any other container and returns nothing. */
  #beginValue(): JsonValue | undefined {
    this.#skip(space)
    const start = this.#at
    this.#later = this.#deferring(start)
    if (this.#later) {
      this.#at = this.#later.end
      return null
    }
    const character = this.#text[start]
    if (character === '"') return this.#string()
    if (character === '{') return this.#openObject()
    if (character === '[') return this.#openArray()
    if (character === '-' || (character !== undefined && character >= '0' && character <= '9')) return this.#number()
    return this.#word()
  }

  #openObject(): JsonValue | undefined {
    const object: JsonObject = {}
    this.#enter()
    if (this.#accept('}')) return object
    this.#open.push({ object, key: this.#key() })
    return undefined
  }

  #openArray(): JsonValue | undefined {
    const array: JsonValue[] = []
    this.#enter()
    if (this.#accept(']')) return array
    this.#open.push({ array })
    return undefined
  }

  #enter(): void {
    if (this.#open.length >= maxDepth) throw this.#unexpected('exceeded max depth')
    this.#at++
  }

  #store(top: Frame, value: JsonValue): void {
    const [literal, later] = [this.#literal, this.#later]
    this.#literal = this.#later = undefined
    if ('array' in top) {
      if (literal !== undefined) keepLiteral(top.array, top.array.length, literal)
      top.array.push(value)
      return
    }
    const isRepeated = Object.hasOwn(top.object, top.key)
    // A repeated key moves to where it was last said: decoders go by document order across spellings of a name.
    if (isRepeated) {
      keepEarlier(top.object, top.key)
      delete top.object[top.key]
    }
    if (isRepeated || literal !== undefined) keepLiteral(top.object, top.key, literal)
    if (later) setLater(top.object, top.key, later.text, later.read)
    else setKey(top.object, top.key, value)
  }

  /** After a value: goes on to the next one of its container, or closes that and returns it as a value. */
  #nextPart(top: Frame): JsonValue | undefined {
    if ('array' in top) {
      if (this.#accept(',')) return undefined
      if (!this.#accept(']')) throw this.#unexpected('after array element')
      this.#open.pop()
      return top.array
    }
    if (this.#accept(',')) {
      top.key = this.#key()
      return undefined
    }
    if (!this.#accept('}')) throw this.#unexpected('after object key:value pair')
    this.#open.pop()
    return top.object
  }

  /** Reads a key and its colon. */
  #key(): string {
    this.#skip(space)
    if (this.#text[this.#at] !== '"') throw this.#unexpected('looking for beginning of object key string')
    const key = this.#string()
    if (!this.#accept(':')) throw this.#unexpected('after object key')
    return key
  }

  #string(): string {
    const start = this.#at
    const end = closingQuote(this.#text, start + 1)
    const value = end === -1 ? undefined : readString(this.#text.slice(start, end + 1))
    if (value === undefined) throw this.#wrongString()
    this.#at = end + 1
    return value.toWellFormed()
  }

  /** Finds what is wrong with a string, which is told as Go does. */
  #wrongString(): JsonError {
    this.#at++
    for (;;) {
      this.#skip(plainText)
      if (this.#text[this.#at] !== '\\') return this.#unexpected('in string literal')
      this.#at++
      this.#skipEscape()
    }
  }

  #skipEscape(): void {
    const character = this.#text[this.#at] ?? ''
    if (character !== 'u' && !escapes.has(character)) throw this.#unexpected('in string escape code')
    this.#at++
    if (character === 'u' && this.#skip(fourHexDigits) === '') throw this.#badHexDigit()
  }

  #badHexDigit(): JsonError {
    this.#skip(hexDigits)
    return this.#unexpected('in \\u hexadecimal character escape')
  }

  #number(): number {
    const start = this.#at
    if (this.#skip(integerPart) === '') throw this.#unexpectedAfter(1, 'in numeric literal')
    if (this.#skip(point) !== '') this.#digits('after decimal point in numeric literal')
    if (this.#skip(exponent) !== '') this.#digits('in exponent of numeric literal')
    const literal = this.#text.slice(start, this.#at)
    const value = Number(literal)
    if (!Number.isFinite(value)) {
      if (this.#outOfRange === 'error') throw outOfRangeError(literal)
      for (const frame of this.#open) keepOutOfRange('array' in frame ? frame.array : frame.object, literal)
    }
    if (String(value) !== literal) this.#literal = literal
    return value
  }

  #digits(context: string): void {
    if (this.#skip(digits) === '') throw this.#unexpected(context)
  }

  #word(): JsonValue {
    const [word, value] = literals.get(this.#text[this.#at] ?? '') ?? ['', null]
    if (word === '') throw this.#unexpected('looking for beginning of value')
    for (const expected of word) {
      if (this.#text[this.#at] !== expected) throw this.#unexpected(`in literal ${word} (expecting '${expected}')`)
      this.#at++
    }
    return value
  }

  /** Skips white space, then takes `character` if it comes next. */
  #accept(character: string): boolean {
    this.#skip(space)
    if (this.#text[this.#at] !== character) return false
    this.#at++
    return true
  }

  /** Takes what a sticky pattern matches here. */
  #skip(pattern: RegExp): string {
    const start = this.#at
    pattern.lastIndex = start
    if (!pattern.test(this.#text)) return ''
    this.#at = pattern.lastIndex
    return this.#text.slice(start, this.#at)
  }

  #unexpectedAfter(count: number, context: string): JsonError {
    this.#at += count
    return this.#unexpected(context)
  }

  /** Go tells an end that comes too early from a wrong character by asking whether a space would do as well. */
  #unexpected(context: string): JsonError {
    const code = this.#text.codePointAt(this.#at)
    if (code !== undefined) return new JsonError(`invalid character ${quoteCharacter(firstByte(code))} ${context}`)
    if (!spaceIsWrong.test(context)) return new JsonError('unexpected end of JSON input')
    return new JsonError(`invalid character ' ' ${context}`)
  }
}

/** Where a space would be a wrong character, so that the end of the text is told as one. */
const spaceIsWrong = /numeric literal|escape|in literal/

/** Go looks at bytes: of a character outside ASCII it shows the first byte, as if it were Latin-1. */
function firstByte(code: number): string {
  if (code < 0x80) return String.fromCharCode(code)
  if (code < 0x800) return String.fromCharCode(0xc0 | (code >> 6))
  return String.fromCharCode(code < 0x1_0000 ? 0xe0 | (code >> 12) : 0xf0 | (code >> 18))
}
