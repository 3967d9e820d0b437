import { isDeepStrictEqual } from 'node:util'
import type { Cases } from './answers.ts'

/** What is newer than the engine, and what every program for Node takes for granted. */
export const languageCases: Cases = {
  'Object.hasOwn': () => [Object.hasOwn({ a: 1 }, 'a'), Object.hasOwn({ a: 1 }, 'toString')],
  'Array.at': () => [[1, 2, 3].at(-1), [1].at(5), 'abc'.at(-2), new Uint8Array([7, 8]).at(-1)],
  'Array.findLast': () => [[1, 2, 3].findLast((n) => n < 3), [1, 2, 3].findLastIndex((n) => n > 9)],
  'Array.toSorted': () => {
    const array = [3, 1, 2]
    return [array.toSorted(), array.toSorted((a, b) => b - a), array, array.toReversed()]
  },
  'String.replaceAll': () => ['a.b.c'.replaceAll('.', '-'), 'aXbX'.replaceAll(/X/g, '$&$&')],
  'for-in of arrays': () => {
    const keys = []
    for (const key in ['a']) keys.push(key)
    return keys
  },
  'Error with a cause': () => new Error('outer', { cause: new TypeError('inner') }),
  'Error without one': () => ['cause' in new Error('alone'), Object.keys(new Error('x', { cause: 1 }))],
  'errors are what they are': () => {
    class Own extends RangeError {
      override readonly name = 'Own'
    }
    const own = new Own('text', { cause: 'why' })
    return [
      own instanceof Own,
      own instanceof RangeError,
      own instanceof Error,
      own,
      `${own}`,
      String(new TypeError('x')),
    ]
  },
  'errors of the engine': () => {
    try {
      JSON.parse('{')
    } catch (error) {
      return [error instanceof SyntaxError, error instanceof Error]
    }
    return 'no error'
  },
  AggregateError: () => {
    const error = new AggregateError([new Error('a'), 'b'], 'many', { cause: 'c' })
    return [error, error.errors, error instanceof Error, Object.keys(error)]
  },
  'Promise.any rejects with them': () => Promise.any([Promise.reject(new Error('a'))]).catch((error) => error.errors),
  'symbols of disposal': () => [typeof Symbol.dispose, typeof Symbol.asyncDispose],
  'using disposes in reverse order, also of what throws': () => {
    const order: string[] = []
    const resource = (name: string) => ({ [Symbol.dispose]: () => void order.push(name) })
    try {
      using _a = resource('a')
      using _b = resource('b')
      throw new Error('thrown')
    } catch (error) {
      return [order, error]
    }
  },
  'private names': () => {
    class Counter {
      #count = 0
      static #made = 0
      static make() {
        Counter.#made++
        return new Counter()
      }
      static get made() {
        return Counter.#made
      }
      increase() {
        this.#count += 1
        return this.#count
      }
    }
    const counter = Counter.make()
    return [counter.increase(), counter.increase(), Counter.made]
  },
  'regular expressions': () => [
    /(?<year>\d{4})-(?<month>\d\d)/u.exec('on 2026-11')?.groups?.['month'],
    'aBc'.replace(/(?<=a)B/, 'x'),
    [...'a1b22'.matchAll(/\d+/g)].map(([text, ...rest]) => [text, rest]),
    /^\p{Lu}/u.test('É'),
    'x\u2028y'.split(/\s/),
  ],
  'BigInt arrays': () => [new BigUint64Array([2n ** 64n - 1n])[0], BigInt.asIntN(8, 255n), 2n ** 70n],
  'numbers as text': () => [0.1 + 0.2, 1e21, -0, 123456789012345680000, (255).toString(16), (0.000001234).toFixed(8)],
  JSON: () => [
    JSON.stringify({ a: [1, 'é\u2028"', null, undefined], b: undefined }, null, 4),
    JSON.parse('{"__proto__": 1, "a": [1e3, "\\ud83d\\ude00"]}'),
    JSON.stringify('\ud800'),
  ],
  'sorting is stable': () => [5, 1, 4].map((n, index) => ({ n: n % 2, index })).sort((a, b) => a.n - b.n),
  'Math.random is in its range': () => Array.from({ length: 50 }, () => Math.random()).every((n) => n >= 0 && n < 1),
  'crypto.getRandomValues': () => {
    const [a, b] = [crypto.getRandomValues(new Uint8Array(16)), crypto.getRandomValues(new Uint32Array(2))]
    return [a.length, b.length, a.some((byte) => byte !== 0)]
  },
  isDeepStrictEqual: () =>
    [
      [{ a: [1, { b: 'x' }] }, { a: [1, { b: 'x' }] }],
      [
        { a: 1, b: 2 },
        { b: 2, a: 1 },
      ],
      [{ a: 1 }, { a: 1, b: undefined }],
      [
        [1, 2],
        [1, 2, 3],
      ],
      [new Uint8Array([1]), new Uint8Array([1])],
      [new Uint8Array([1]), new Uint8Array([2])],
      [1n, 1n],
      [Number.NaN, Number.NaN],
      [0, -0],
      [{}, []],
      [null, undefined],
    ].map(([a, b]) => isDeepStrictEqual(a, b)),
}
