import { formatPlain } from './plain.ts'
import { isJsonObject, JsonError, type JsonObject, type JsonValue } from './value.ts'

export interface FormatOptions {
  /** Spaces a level; compact when absent. */
  indent?: number | undefined
  /** Sort the keys of every object by their UTF-8 bytes, as Go does for maps; else document order. */
  sortKeys?: boolean | undefined
}

/**
 * Returns JSON as Go's `encoding/json` prints it: `<`, `>`, `&`, U+2028 and U+2029 escaped, lone surrogates as
 * U+FFFD, numbers in the shortest form that reads back equal, empty containers as `[]` and `{}`.
 *
 * @throws {JsonError} `json: unsupported value: NaN` for a number that JSON does not have.
 */
export function formatJson(value: JsonValue, options: FormatOptions = {}): string {
  const plain = options.sortKeys ? undefined : formatPlain(value, options.indent)
  return plain === undefined ? new Formatter(options).format(value) : escapeHtml(plain)
}

/** A container being written: its parts, what stands before each of them, and what closes it. */
interface Frame {
  readonly parts: readonly (readonly [label: string, value: JsonValue])[]
  readonly close: string
  next: number
}

class Formatter {
  readonly #options: FormatOptions
  /** No recursion: a parsed document may be nested deeper than the stack allows. */
  readonly #open: Frame[] = []
  #out = ''

  constructor(options: FormatOptions) {
    this.#options = options
  }

  format(value: JsonValue): string {
    this.#begin(value)
    for (let top = this.#open.at(-1); top !== undefined; top = this.#open.at(-1)) this.#continue(top)
    return this.#out
  }

  #begin(value: JsonValue): void {
    if (Array.isArray(value)) this.#enter('[', { parts: value.map((part) => ['', part]), close: ']', next: 0 })
    else if (isJsonObject(value)) this.#enter('{', { parts: this.#entries(value), close: '}', next: 0 })
    else this.#out += formatScalar(value)
  }

  #enter(opener: string, frame: Frame): void {
    this.#out += opener
    this.#open.push(frame)
  }

  #continue(top: Frame): void {
    const part = top.parts[top.next]
    if (part === undefined) {
      this.#open.pop()
      if (top.next > 0) this.#breakLine()
      this.#out += top.close
      return
    }
    if (top.next++ > 0) this.#out += ','
    this.#breakLine()
    this.#out += part[0]
    this.#begin(part[1])
  }

  #breakLine(): void {
    const { indent } = this.#options
    if (indent !== undefined) this.#out += `\n${' '.repeat(indent * this.#open.length)}`
  }

  #entries(object: JsonObject): Frame['parts'] {
    const entries = Object.entries(object)
    if (this.#options.sortKeys) entries.sort(([a], [b]) => compareBytes(a, b))
    const colon = this.#options.indent === undefined ? ':' : ': '
    return entries.map(([key, value]) => [formatString(key) + colon, value])
  }
}

/** Returns a number as Go prints a float64: JavaScript's own form, but for the sign of zero. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) {
    const name = Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf'
    throw new JsonError(`json: unsupported value: ${name}`)
  }
  return Object.is(value, -0) ? '-0' : String(value)
}

function formatScalar(value: string | number | boolean | null): string {
  if (typeof value === 'string') return formatString(value)
  return typeof value === 'number' ? formatNumber(value) : String(value)
}

/** Compares two texts by their UTF-8 bytes, which is the order of their code points, not of UTF-16 units. */
export function compareBytes(a: string, b: string): number {
  let at = 0
  while (at < a.length && a.charCodeAt(at) === b.charCodeAt(at)) at++
  return rank(a.charCodeAt(at)) - rank(b.charCodeAt(at))
}

/** Moves surrogates behind all other units: they spell the highest code points. The end of a text comes first. */
function rank(unit: number): number {
  if (Number.isNaN(unit)) return -1
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit
}

/** Safe inside a script element or an old JavaScript parser, as Go's default has it. */
const htmlSensitive = /[<>&\u2028\u2029]/g

/** JSON.stringify escapes the rest just as Go does, down to `\b` and `\f`. */
function formatString(text: string): string {
  return escapeHtml(JSON.stringify(text.toWellFormed()))
}

function escapeHtml(text: string): string {
  return text.replace(htmlSensitive, escapeUnit)
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
}
