import assert from 'node:assert/strict'
import { test } from 'node:test'
import { quote } from '../../src/json/index.ts'

test('quote() escapes as Go %q', () => {
  const examples = [
    ['a b', '"a b"'],
    ['"\\', '"\\"\\\\"'],
    ['\u0007\b\f\n\r\t\v', '"\\a\\b\\f\\n\\r\\t\\v"'],
    ['\u0000\u001f\u007f', '"\\x00\\x1f\\x7f"'],
    ['\u0085\u00a0\u00ad', '"\\u0085\\u00a0\\u00ad"'],
    ['\u00e9\u4e2d\u{1f600}', '"\u00e9\u4e2d\u{1f600}"'],
    ['\u2028\ufeff\u{e0001}', '"\\u2028\\ufeff\\U000e0001"'],
    ['\ud800', '"\ufffd"'],
  ] as const
  for (const [text, quoted] of examples) assert.equal(quote(text), quoted)
})
