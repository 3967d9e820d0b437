import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatJson, type JsonValue, parseJson } from '../../src/json/index.ts'
import { forSeeds } from './random.ts'

test('formatJson() escapes as Go does', () => {
  assert.equal(
    formatJson('<b>&\u2028\u2029"\\/\b\f\n\r\t\u0001\u007f\u00e9'),
    '"\\u003cb\\u003e\\u0026\\u2028\\u2029\\"\\\\/\\b\\f\\n\\r\\t\\u0001\u007f\u00e9"',
  )
  assert.equal(formatJson({ '<': 1 }), '{"\\u003c":1}')
  assert.equal(formatJson('a\ud800b'), '"a\ufffdb"')
})

test('formatJson() prints numbers as Go prints a float64', () => {
  const numbers = [0, -0, 1, -1.5, 0.1, 1e20, 1e21, 1.5e300, 1e-6, 1e-7, 2 ** 53, 123456789012345680000]
  const printed = ['0', '-0', '1', '-1.5', '0.1', '100000000000000000000', '1e+21', '1.5e+300', '0.000001', '1e-7']
  assert.deepEqual(
    numbers.map((value) => formatJson(value)),
    [...printed, '9007199254740992', '123456789012345680000'],
  )
})

test('formatJson() refuses numbers that JSON does not have', () => {
  assert.throws(() => formatJson([Number.NaN]), { name: 'JsonError', message: 'json: unsupported value: NaN' })
  assert.throws(() => formatJson(Infinity), { message: 'json: unsupported value: +Inf' })
  assert.throws(() => formatJson(-Infinity), { message: 'json: unsupported value: -Inf' })
})

test('formatJson() keeps the order of keys unless told to sort', () => {
  assert.equal(formatJson({ b: 1, a: { d: 1, c: 2 } }), '{"b":1,"a":{"d":1,"c":2}}')
  assert.equal(formatJson({ b: 1, a: [{ d: 1, c: 2 }] }, { sortKeys: true }), '{"a":[{"c":2,"d":1}],"b":1}')
})

test('formatJson() sorts keys by their bytes', () => {
  const keys = ['\u{1f600}', '\uffff', '\ue000', 'a', 'B', 'aa', '', '\u00e9', '10', '9', '\u{1f600}\u{1f601}']
  const sorted = Object.keys(
    JSON.parse(formatJson(Object.fromEntries(keys.map((key) => [key, 0])), { sortKeys: true })),
  )
  // Buffer compares bytes; whole-number keys come first in any JavaScript object and are left out of the comparison.
  const byBytes = [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  const notNumbers = (key: string) => !/^[0-9]+$/.test(key)
  assert.deepEqual(sorted.filter(notNumbers), byBytes.filter(notNumbers))
  assert.match(formatJson({ 9: 0, 10: 0, a: 0 }, { sortKeys: true }), /^\{"10":0,"9":0,"a":0\}$/)
})

test('formatJson() indents, with empty containers on one line', () => {
  const value: JsonValue = { a: [1, { b: [] }], c: {}, d: 'x' }
  assert.equal(formatJson(value, { indent: 4 }), JSON.stringify(value, null, 4))
})

test('formatJson() prints what JSON.parse reads back equal', () => {
  forSeeds(2000, (random) => {
    const value = random.json()
    for (const options of [{}, { indent: 4 }, { sortKeys: true }, { indent: 1, sortKeys: true }]) {
      const text = formatJson(value, options)
      assert.deepEqual(JSON.parse(text), value)
      assert.deepEqual(parseJson(text), value)
    }
  })
})

test('formatJson() prints what is nested deeper than the stack', () => {
  const text = '{"a":['.repeat(5000) + ']}'.repeat(5000)
  assert.equal(formatJson(parseJson(text), { sortKeys: true }), text)
})
