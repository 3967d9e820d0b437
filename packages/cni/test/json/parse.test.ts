import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatJson, JsonError, parseJson } from '../../src/json/index.ts'
import { forSeeds } from './random.ts'

/** What Go's encoding/json says of each, as the reference's `static` plugin (Go 1.26) prints it. */
const refused: readonly (readonly [text: string, message: string])[] = [
  ['', 'unexpected end of JSON input'],
  [' \n', 'unexpected end of JSON input'],
  ['{', 'unexpected end of JSON input'],
  ['{"a"', 'unexpected end of JSON input'],
  ['{"a":', 'unexpected end of JSON input'],
  ['{"a":1,', 'unexpected end of JSON input'],
  ['[1', 'unexpected end of JSON input'],
  ['"a', 'unexpected end of JSON input'],
  ['}', "invalid character '}' looking for beginning of value"],
  ['x', "invalid character 'x' looking for beginning of value"],
  ['[,', "invalid character ',' looking for beginning of value"],
  ['[1,]', "invalid character ']' looking for beginning of value"],
  ['NaN', "invalid character 'N' looking for beginning of value"],
  ['+1', "invalid character '+' looking for beginning of value"],
  ["'", "invalid character '\\'' looking for beginning of value"],
  ['\\', "invalid character '\\\\' looking for beginning of value"],
  ['\u000b1', "invalid character '\\v' looking for beginning of value"],
  ['\u0000', "invalid character '\\x00' looking for beginning of value"],
  ['\ufeff{}', "invalid character '\u00ef' looking for beginning of value"],
  ['\u00e9', "invalid character '\u00c3' looking for beginning of value"],
  ['\u{1f600}', "invalid character '\u00f0' looking for beginning of value"],
  ['[\u00a0]', "invalid character '\u00c2' looking for beginning of value"],
  ['{a:1}', "invalid character 'a' looking for beginning of object key string"],
  ['{"a":1,}', "invalid character '}' looking for beginning of object key string"],
  ['{"a" 1}', "invalid character '1' after object key"],
  ['{"a":1 "b":2}', `invalid character '"' after object key:value pair`],
  ['{"a":1]', "invalid character ']' after object key:value pair"],
  ['[1 2]', "invalid character '2' after array element"],
  ['[01]', "invalid character '1' after array element"],
  ['{}x', "invalid character 'x' after top-level value"],
  ['01', "invalid character '1' after top-level value"],
  ['1.5.', "invalid character '.' after top-level value"],
  ['1e5e', "invalid character 'e' after top-level value"],
  ['-', "invalid character ' ' in numeric literal"],
  ['-a', "invalid character 'a' in numeric literal"],
  ['1.', "invalid character ' ' after decimal point in numeric literal"],
  ['1.x', "invalid character 'x' after decimal point in numeric literal"],
  ['1e', "invalid character ' ' in exponent of numeric literal"],
  ['1e+x', "invalid character 'x' in exponent of numeric literal"],
  ['tru', "invalid character ' ' in literal true (expecting 'e')"],
  ['falsx', "invalid character 'x' in literal false (expecting 'e')"],
  ['nul]', "invalid character ']' in literal null (expecting 'l')"],
  ['"\\', "invalid character ' ' in string escape code"],
  ['"\\x"', "invalid character 'x' in string escape code"],
  ['"\\\'"', "invalid character '\\'' in string escape code"],
  ['"\\\\\\v"', "invalid character 'v' in string escape code"],
  ['{"a":"\\x41"}', "invalid character 'x' in string escape code"],
  ['{"a":"\\u{41}"}', "invalid character '{' in \\u hexadecimal character escape"],
  ['"\\u12x"', "invalid character 'x' in \\u hexadecimal character escape"],
  ['"\\u1', "invalid character ' ' in \\u hexadecimal character escape"],
  ['"\t"', "invalid character '\\t' in string literal"],
  ['1e400', 'json: cannot unmarshal number 1e400 into Go value of type float64'],
]

test('parseJson() refuses what Go refuses, in its words', () => {
  for (const [text, message] of refused) {
    assert.throws(() => parseJson(text), { name: 'JsonError', message }, JSON.stringify(text))
  }
})

test('parseJson() nests as deep as Go and no deeper', () => {
  const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)
  assert.equal(formatJson(parseJson(nested(10_000))), nested(10_000))
  assert.throws(() => parseJson(nested(10_001)), { message: "invalid character '[' exceeded max depth" })
  assert.throws(() => parseJson('{"a":'.repeat(10_001)), { message: "invalid character '{' exceeded max depth" })
})

test('parseJson() lets the last of equal keys win', () => {
  assert.deepEqual(Object.entries(Object(parseJson('{"a":1,"b":2,"a":3}'))), [
    ['b', 2],
    ['a', 3],
  ])
})

test('parseJson() takes __proto__ for a key like any other', () => {
  const value = Object(parseJson('{"__proto__":{"polluted":true},"a":1}'))
  assert.equal(Object.getPrototypeOf(value), Object.prototype)
  assert.equal(value.polluted, undefined)
  assert.deepEqual(Object.keys(value), ['__proto__', 'a'])
})

test('parseJson() puts U+FFFD for lone surrogates', () => {
  const texts = ['\\ud800', '\\udc00x', '\\ud800\\ud800', '\\ud83d\\ude00', 'a\ud800']
  assert.deepEqual(
    texts.map((text) => parseJson(`"${text}"`)),
    ['\ufffd', '\ufffdx', '\ufffd\ufffd', '\u{1f600}', 'a\ufffd'],
  )
})

test('parseJson() reads what JSON.parse reads', () => {
  forSeeds(2000, (random) => {
    const text = JSON.stringify(random.json(), null, random.pick([0, 2]))
    assert.deepEqual(parseJson(text), JSON.parse(text))
  })
})

test('parseJson() agrees with JSON.parse on damaged text, and throws nothing but JsonError', () => {
  const alphabet = '{}[],:"\\ 019.-+eEtrufalsn\n\u0001\u00e9'
  forSeeds(4000, (random) => {
    let text = JSON.stringify(random.json())
    for (let edits = random.below(3); edits >= 0; edits--) {
      const at = random.below(text.length + 1)
      const inserted = random.pick(['', random.pick([...alphabet])])
      text = text.slice(0, at) + inserted + text.slice(at + random.below(2))
    }
    let expected: unknown
    try {
      expected = JSON.parse(text)
    } catch {
      assert.throws(() => parseJson(text), JsonError, text)
      return
    }
    // Torn surrogates are replaced by the one and kept by the other; numbers too large for a double are refused by one.
    if (JSON.stringify(expected).includes('\\ud') || /[eE]\+?[0-9]{3}/.test(text)) return
    assert.deepEqual(parseJson(text), expected, text)
  })
})

test('parseJson() survives random bytes', () => {
  forSeeds(3000, (random) => {
    const bytes = Buffer.from(random.list(() => random.below(256), 40))
    try {
      parseJson(bytes.toString())
    } catch (error) {
      assert.ok(error instanceof JsonError, String(error))
    }
  })
})
