import assert from 'node:assert/strict'
import { test } from 'node:test'
import { array, int, map, object, parseJson, raw, string } from '../../src/json/index.ts'

const conf = object('Conf', { id: int, passed: map(raw), list: raw })
const inner = object('Inner', { id: int, ids: array(int), x: object('X', { a: string, b: string }) })

/** What a decoder of plain data makes of the value that `key` has in a document. */
const passed = (key: 'passed' | 'list', text: string) =>
  conf.decode(parseJson(`{"id":1,"${key}":${text}}`, { outOfRange: 'infinite' }))[key] ?? null

test('raw gives numbers that decoders read as Go would write them', () => {
  const list = passed('list', '[{"id":1.0,"ids":[1e0,2.0,30]}]')
  assert.deepEqual(array(inner).decode(list), [{ id: 1, ids: [1, 2, 30] }])
  const { value } = conf.decode(parseJson('{"passed":{"value":{"id":5e0}}}')).passed ?? {}
  assert.deepEqual(inner.decode(value ?? null), { id: 5 })
  assert.throws(() => inner.decode(passed('passed', '{"id":1.5}')), /cannot unmarshal number 1.5 into/)
  assert.throws(() => array(inner).decode(passed('list', '[{"id":1e21}]')), /number 1e\+21 into/)
  // What Go writes of a number that no double holds is another number.
  assert.deepEqual(array(inner).decode(passed('list', '[{"id":9007199254740993}]')), [{ id: 2 ** 53 }])
})

test('raw gives objects in which the last of several equal keys is the only one', () => {
  const list = passed('list', '[{"x":{"a":"1"},"x":{"b":"2"}}]')
  assert.deepEqual(array(inner).decode(list), [{ x: { b: '2' } }])
})

test('raw does not copy what is written as it would be printed', () => {
  const json = { list: [{ id: 1 }] }
  assert.equal(conf.decode(json).list, json.list)
})
