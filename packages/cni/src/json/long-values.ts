import { maxDepth } from './value.ts'

/**
 * Finds the long values in a JSON text: members of objects, but none within another object's member. Each is JSON by
 * itself, is no number, whose spelling somebody may ask for, and has none in it that no double holds.
 *
 * Returns where they begin and end, one after another; none for a text that is not JSON.
 */
export function longValues(text: string): readonly number[] {
  const reader = new Reader(text)
  return reader.document() ? reader.found : []
}

/** In UTF-16 units: what is shorter is read at once. */
const shortValue = 4096

const [space, lineFeed, carriageReturn, tab] = [0x20, 0x0a, 0x0d, 0x09]
const [quoteMark, backslash, comma, colon] = [0x22, 0x5c, 0x2c, 0x3a]
const [openArray, closeArray, openObject, closeObject] = [0x5b, 0x5d, 0x7b, 0x7d]
const number = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y
const escapeSequence = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y
const word = /true|false|null/y

/** Reads as the parser does but keeps nothing. What returns a boolean returns false where the text is not JSON. */
class Reader {
  readonly found: number[] = []
  readonly #text: string
  /** What closes each array and object that is open. */
  readonly #closers: number[] = []
  #at = 0
  /** Where the member begins that is being read, or -1, and how many arrays and objects are open around it. */
  #begin = -1
  #depth = 0
  #isUnsafe = false

  constructor(text: string) {
    this.#text = text
  }

  document(): boolean {
    do {
      if (!this.#value()) return false
      this.#endValues()
    } while (this.#closers.length > 0 && this.#nextValue())
    return this.#closers.length === 0 && this.#at === this.#text.length
  }

  /** Reads a scalar or an empty container whole, of any other container everything up to the end of such a value. */
  #value(): boolean {
    for (;;) {
      this.#skipSpace()
      this.#beginMember()
      const first = this.#peek()
      if (first !== openObject && first !== openArray) return this.#scalar(first)
      if (!this.#open(first)) return false
      if (this.#close()) return true
      if (first === openObject && !this.#key()) return false
    }
  }

  #open(opener: number): boolean {
    if (this.#closers.length === maxDepth) return false
    this.#at++
    this.#closers.push(opener === openObject ? closeObject : closeArray)
    return true
  }

  /** Closes the innermost array or object, if it ends here. */
  #close(): boolean {
    this.#skipSpace()
    if (this.#closers.length === 0 || this.#peek() !== this.#closers.at(-1)) return false
    this.#at++
    this.#closers.pop()
    return true
  }

  /** Behind a value: ends what ends with it. */
  #endValues(): void {
    do this.#endMember()
    while (this.#close())
  }

  #nextValue(): boolean {
    if (this.#peek() !== comma) return false
    this.#at++
    return this.#closers.at(-1) === closeArray || this.#key()
  }

  #key(): boolean {
    this.#skipSpace()
    if (this.#peek() !== quoteMark || !this.#string()) return false
    this.#skipSpace()
    return this.#text.charCodeAt(this.#at++) === colon
  }

  #scalar(first: number): boolean {
    if (first === quoteMark) return this.#string()
    if (first > 0x60) return this.#skip(word)
    number.lastIndex = this.#at
    const match = number.exec(this.#text)
    if (!match) return false
    this.#at = number.lastIndex
    if (!Number.isFinite(Number(match[0]))) this.#isUnsafe = true
    return true
  }

  #string(): boolean {
    this.#at++
    for (;;) {
      const unit = this.#peek()
      // Also what is behind the end of the text, which is not a number.
      if (!(unit >= space)) return false
      if (unit === backslash) {
        if (!this.#skip(escapeSequence)) return false
      } else {
        this.#at++
        if (unit === quoteMark) return true
      }
    }
  }

  #beginMember(): void {
    if (this.#begin >= 0 || this.#closers.at(-1) !== closeObject) return
    this.#begin = this.#at
    this.#depth = this.#closers.length
    this.#isUnsafe = false
  }

  #endMember(): void {
    if (this.#begin < 0 || this.#closers.length !== this.#depth) return
    const isLong = this.#at - this.#begin > shortValue && '[{"'.includes(this.#text.charAt(this.#begin))
    if (isLong && !this.#isUnsafe) this.found.push(this.#begin, this.#at)
    this.#begin = -1
  }

  #skip(pattern: RegExp): boolean {
    pattern.lastIndex = this.#at
    if (!pattern.test(this.#text)) return false
    this.#at = pattern.lastIndex
    return true
  }

  #skipSpace(): void {
    for (let unit = this.#peek(); isSpace(unit); unit = this.#peek()) this.#at++
  }

  #peek(): number {
    return this.#text.charCodeAt(this.#at)
  }
}

function isSpace(unit: number): boolean {
  return unit === space || unit === lineFeed || unit === carriageReturn || unit === tab
}
