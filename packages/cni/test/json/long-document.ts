import type { Random } from './random.ts'

const scalars = ['1.50', '1e3', '-0', '9007199254740993', '0', '12', 'true', 'null', '1E-7', '{}', '[]', '1e400', '""']
const letters = [
  ...'ab /\u007f\u00e9\u20ac\uffff',
  '\u{1f600}',
  '\\n',
  '\\u00e9',
  '\\ud83d\\ude00',
  '\\ud800',
  '\\\\',
  '\\"',
]
const spaces = ['', '', '', ' ', '\n', '\t\r ']
const insertions = [...'{}[],:"\\ 019.-+eEtu\n\u0001\u0000\u00e9', '\\x41', "\\'", '\\u{41}', '\\v', '//', '1.', '']

/** Makes JSON texts with long members, unusual numbers and strings, and keys said twice. */
export class LongDocument {
  readonly #random: Random

  constructor(random: Random) {
    this.#random = random
  }

  text(): string {
    const members = [`"end":"${'y'.repeat(20_000)}"`, ...this.#random.list(() => this.#member(4), 5)]
    return `${this.#space()}{${members.join(',')}}${this.#space()}`
  }

  /** A text of which up to three characters are other ones. */
  damaged(): string {
    const random = this.#random
    let text = this.text()
    for (let edits = random.below(3); edits >= 0; edits--) {
      // Most of a text is the filling of strings: half of the damage is done where no filling is near.
      const places = [random.below(text.length + 1), random.below(60), text.length - random.below(60)]
      const at = random.pick(places)
      text = text.slice(0, at) + random.pick(insertions) + text.slice(at + random.below(2))
    }
    return text
  }

  #member(depth: number): string {
    const key = this.#random.pick(['a', 'b', '__proto__', '7', 'end'])
    return `${this.#space()}"${key}"${this.#space()}:${this.#space()}${this.#value(depth)}${this.#space()}`
  }

  #value(depth: number): string {
    const random = this.#random
    const kind = random.below(depth > 0 ? 6 : 3)
    if (kind === 0) return random.pick(scalars)
    if (kind === 1) return `"${random.list(() => random.pick(letters), 12).join('')}"`
    if (kind === 2) return `"${random.pick(letters).repeat(5000)}"`
    if (kind === 3) return `[${`${random.pick(scalars)},`.repeat(random.pick([0, 2500]))}${this.#value(depth - 1)}]`
    if (kind === 4) return `[${random.list(() => this.#space() + this.#value(depth - 1) + this.#space()).join(',')}]`
    return `{${random.list(() => this.#member(depth - 1)).join(',')}}`
  }

  #space(): string {
    return this.#random.pick(spaces)
  }
}
