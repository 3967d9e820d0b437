import { array, formatJson, type JsonValue, map, object, parseJson, raw, uint64 } from '@patchbay/cni/json'
import type { Cases } from './answers.ts'
import { numbersFrom } from './numbers.ts'

const parts = [
  ...'[]{}:,"0 \n\u0000\u001f\u00e9\u20ac\ud800\udc00',
  ...['\u{1f600}', '[]', '{}', '1.50', '-0', '1e3', '1e400', '01', '1.', 'true', 'nul', '"a":', '"b": ', ',"a":', '//'],
  ...['"', '"', '\\n', '\\"', '\\\\', '\\/', '\\u00e9', '\\ud83d\\ude00', '\\ud800', '\\x41', "\\'", '\\v', '\\u{41}'],
]
const fillings = ['[],', '{"a":[]},', '"\u{1f600}\\"", ', '1.50,', '-12 ,', 'true,null,', '"\\u20ac\u20ac",', '1E5,']

/** What is made of a text: its keys, and all of it as it is printed. */
function outcomeOf(text: string): unknown {
  return orError(() => {
    const json = parseJson(text, { outOfRange: 'infinite' })
    return [Object.keys(Object(json)), summaryOf(formatJson(json))]
  })
}

function orError(make: () => unknown): unknown {
  try {
    return make()
  } catch (error) {
    return String(error)
  }
}

function summaryOf(text: string): string {
  let sum = 0
  for (let at = 0; at < text.length; at++) sum = (Math.imul(sum, 31) + text.charCodeAt(at)) | 0
  return `${text.length} ${sum} ${text.slice(0, 50)}`
}

/** A document with long members of every kind, and three parts of it put in somewhere. */
function longText(seed: number): string {
  const numbers = numbersFrom(seed)
  const next = (limit: number) => (numbers.next().value ?? 0) % limit
  const filled = (count: number) => `[${(fillings[next(fillings.length)] ?? '').repeat(count)}0]`
  const string = () => `"${(parts[next(parts.length)] ?? '').replaceAll('"', '').repeat(3000)}"`
  let text = `{"k":${filled(2000)},"s":${string()},"o":{"t":${string()},"u":${filled(900)}},"a" : ${filled(3000)} }`
  for (let edits = next(4); edits > 0; edits--) {
    const at = [next(text.length), next(40), text.length - next(40)][next(3)] ?? 0
    text = `${text.slice(0, at)}${parts[next(parts.length)]}${text.slice(at + next(2))}`
  }
  return text
}

/** Read by tables: how numbers are spelled, what keys said before, and where numbers are that no double holds. */
const table = object('T', {
  a: object('A', { a: uint64, b: array(uint64), c: map(uint64), __proto__: uint64 }),
  b: map(raw),
  c: array(uint64),
  d: map(map(uint64)),
})

const numbers = [
  ...[
    '0',
    '-0',
    '1',
    '-1',
    '12',
    '1.5',
    '1.50',
    '0.0',
    '0.000001',
    '0.0000001',
    '0.1',
    '10',
    '1e3',
    '1E+3',
    '1e21',
    '1e-7',
  ],
  ...['9007199254740991', '9007199254740993', '123456789012345678', '18446744073709551615', '18446744073709551616'],
  ...[
    '100000000000000000000',
    '1000000000000000000000',
    '4.35',
    '0.1234567890123456',
    '2.5e-324',
    '1e400',
    '-1e999',
    '1e308',
  ],
  ...['1.7976931348623157e308', '1.7976931348623159e308', '5e-324', '123456789.123456', '0.30000000000000004'],
  ...[
    `1${'0'.repeat(308)}`,
    `1${'0'.repeat(309)}`,
    `0.${'0'.repeat(330)}1`,
    `0.${'0'.repeat(9)}1`,
    '1e0000000000000000001',
  ],
]
const strings = [
  'a',
  'b',
  'c',
  'd',
  'A',
  '__proto__',
  '7',
  '',
  '\\u0061',
  '\u00e9',
  '\u00c3\u00a9',
  '\\ud83d\\ude00',
  '\\ud83dx',
  '\\ude00',
]
const layouts = ['', '', '', ' ', '\n', '\t\r ']

/** A small document, right or with one thing in it that is perhaps wrong. */
class SmallText {
  readonly #numbers: Generator<number, void>

  constructor(seed: number) {
    this.#numbers = numbersFrom(seed)
  }

  text(): string {
    const text = this.#object(4)
    if (this.#below(3) > 0) return text
    const at = this.#below(text.length + 1)
    return text.slice(0, at) + this.#pick(parts) + text.slice(at + this.#below(2))
  }

  #value(depth: number): string {
    const kind = this.#below(depth > 0 ? 8 : 4)
    if (kind < 2) return this.#pick(numbers)
    if (kind === 2) return this.#pick(['true', 'false', 'null', '[]', '{}', '[ ]', '{ }'])
    if (kind === 3) return `"${this.#pick(strings)}"`
    if (kind > 5) return this.#object(depth)
    return `[${this.#list(() => this.#spaced(this.#value(depth - 1)))}]`
  }

  #object(depth: number): string {
    return `{${this.#list(() => `${this.#spaced(`"${this.#pick(strings)}"`)}:${this.#spaced(this.#value(depth - 1))}`)}}`
  }

  #list(make: () => string): string {
    return Array.from({ length: this.#below(7) }, make).join(',')
  }

  #spaced(text: string): string {
    return this.#pick(layouts) + text + this.#pick(layouts)
  }

  #pick(choices: readonly string[]): string {
    return choices[this.#below(choices.length)] ?? ''
  }

  #below(limit: number): number {
    return (this.#numbers.next().value ?? 0) % limit
  }
}

/** What the table makes of a document, and what is printed of it, read in both ways. */
function smallOutcome(seed: number): unknown {
  const text = new SmallText(seed).text()
  const read = (json: JsonValue) =>
    JSON.stringify(table.decode(json), (_, value) => (typeof value === 'bigint' ? `${value}n` : value))
  return [
    orError(() => read(parseJson(text, { outOfRange: 'infinite' }))),
    orError(() => read(parseJson(`{"a":${text},"a":${text},"d":{"x":${text}}}`, { outOfRange: 'infinite' }))),
    orError(() => formatJson(parseJson(text))),
    orError(() => formatJson(parseJson(`[${text}]`))),
  ]
}

/** How each number is spelled, as an error says that names it. */
function spellingOf(number: string): unknown {
  return [
    orError(() => table.decode(parseJson(`{"c":[7,${number}]}`, { outOfRange: 'infinite' }))),
    orError(() => table.decode(parseJson(`{"a":{"a":${number}}}`, { outOfRange: 'infinite' }))),
    orError(() => formatJson(parseJson(`[${number}]`))),
  ]
}

const escapes = [
  '\\x41',
  "\\'",
  '\\v',
  '\\0',
  '\\u{41}',
  '\\u00g0',
  '\\\n',
  '\\\\v',
  '\\\\\\v',
  '\\\u2028',
  '\\a',
  '\\u',
]

export const jsonCases: Cases = {
  'long JSON': () => Array.from({ length: 60 }, (_, seed) => outcomeOf(longText(seed))),
  'small JSON': () => Array.from({ length: 3000 }, (_, seed) => smallOutcome(seed)),
  'how numbers are spelled': () => numbers.map(spellingOf),
  'broken JSON behind all that may be open': () =>
    ['', ']', '}', 'x', '1 2', '"a\\x"', '"a', '01', ',', '1,]', '1,}', '{"b" 1}', '[1 2]', '{}{', '[]]'].flatMap(
      (text) => ['', '[', '[[1,', '{"a":', '[{"a":[],"b":', '{"a":{"b":[{},'].map((before) => outcomeOf(before + text)),
    ),
  'escapes that JSON does not have': () =>
    escapes.flatMap((text) => [outcomeOf(`{"a":"${text}"}`), outcomeOf(`"${text}"`), outcomeOf(`["${text}x"]`)]),
  'JSON nested to the limit': () =>
    [9998, 9999, 10_000].map((depth) =>
      outcomeOf(`{"a":${'['.repeat(depth)}${']'.repeat(depth)}${' '.repeat(20_000)}}`),
    ),
}
