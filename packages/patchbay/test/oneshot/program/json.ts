import { formatJson, parseJson } from '@patchbay/cni/json'
import type { Cases } from './answers.ts'
import { numbersFrom } from './numbers.ts'

const parts = [
  ...'[]{}:,"0 \n\u0000\u001f\u00e9\u20ac\ud800\udc00',
  ...['\u{1f600}', '[]', '{}', '1.50', '-0', '1e3', '1e400', '01', '1.', 'true', 'nul', '"a":', '"b": ', ',"a":', '//'],
  ...['"', '"', '\\n', '\\"', '\\\\', '\\/', '\\u00e9', '\\ud83d\\ude00', '\\ud800', '\\x41', "\\'", '\\v', '\\u{41}'],
]
const fillings = ['[],', '{"a":[]},', '"\u{1f600}\\"", ', '1.50,', '-12 ,', 'true,null,', '"\\u20ac\u20ac",', '1E5,']

/** What is made of a text: its keys, those that are not parsed yet, and all of it as it is printed. */
function outcomeOf(text: string): unknown {
  try {
    const json = parseJson(text, { outOfRange: 'infinite' })
    const properties = Object.entries(Object.getOwnPropertyDescriptors(Object(json)))
    const keys = properties.map(([key, { get }]) => `${key}${get ? ' later' : ''}`)
    return [keys, summaryOf(formatJson(json))]
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
  'escapes that JSON does not have': () =>
    escapes.flatMap((text) => [outcomeOf(`{"a":"${text}"}`), outcomeOf(`"${text}"`), outcomeOf(`["${text}x"]`)]),
  'JSON nested to the limit': () =>
    [9998, 9999, 10_000].map((depth) =>
      outcomeOf(`{"a":${'['.repeat(depth)}${']'.repeat(depth)}${' '.repeat(20_000)}}`),
    ),
}
