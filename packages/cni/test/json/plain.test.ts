import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatPlain, parsePlain } from '../../src/json/plain.ts'

test('parsePlain() reads an ordinary configuration', () => {
  const text = '{"name": "net", "mtu": 1500, "ipam": {"ranges": [[{"subnet": "10.1.0.0/16"}]], "on": true, "x": null}}'
  assert.deepEqual(parsePlain(text), JSON.parse(text))
})

for (const [what, text] of [
  ['a fraction', '{"a":1.0}'],
  ['an exponent', '{"a":[1e3]}'],
  ['minus zero', '{"a": -0}'],
  ['an integer beyond 2^53', '{"a":9007199254740993}'],
  ['half a surrogate pair', '{"a":"\\ud800"}'],
  ['a key said twice', '{"a":1,"b":2,"a":3}'],
  ['a key said twice further down', '{"x":[{"a":1,"a":3}]}'],
  ['a key said twice, once with white space before its colon', '{"a" :1,"a":3}'],
  ['text that looks like the end of a key', '{"a":"b\\":c"}'],
  ['no object', '[1]'],
  ['something behind it', '{} x'],
  ['nothing', ''],
  ['an object deeper than Go reads', `${'{"a":'.repeat(10_001)}1${'}'.repeat(10_001)}`],
] as const) {
  test(`parsePlain() leaves ${what} to the parser`, () => {
    assert.equal(parsePlain(text), undefined)
  })
}

test('formatPlain() leaves numbers that JSON does not have, minus zero and half surrogate pairs to the formatter', () => {
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, -0, ['\ud800'], { a: [-0] }])
    assert.equal(formatPlain(value, undefined), undefined)
  assert.equal(formatPlain({ a: [1, '\u{1f600}'], b: {}, c: [] }, undefined), '{"a":[1,"\u{1f600}"],"b":{},"c":[]}')
})
