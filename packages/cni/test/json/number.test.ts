import assert from 'node:assert/strict'
import { test } from 'node:test'
import { array, float64, int, map, object, parseJson, uint, uint16, uint32, uint64 } from '../../src/json/index.ts'

const table = object('T', {
  int,
  uint,
  uint16,
  uint32,
  uint64,
  float64,
  list: array(int),
  byName: map(int),
})
const decode = (json: string) => table.decode(parseJson(json))
const refuses = (json: string, literal: string, type: string) =>
  assert.throws(() => decode(json), {
    name: 'JsonError',
    message: new RegExp(`^json: cannot unmarshal number ${literal} into Go struct field T\\.\\w+ of type ${type}$`),
  })

test('integers refuse literals that Go does not read as integers', () => {
  refuses('{"int":1.5}', '1\\.5', 'int')
  refuses('{"int":1e3}', '1e3', 'int')
  refuses('{"int":1E3}', '1E3', 'int')
  refuses('{"int":1.0}', '1\\.0', 'int')
  refuses('{"list":[1,2.0]}', '2\\.0', 'int')
  refuses('{"byName":{"a":1e0}}', '1e0', 'int')
  refuses('{"INT":5e0}', '5e0', 'int')
  refuses('{"uint":-0}', '-0', 'uint')
})

test('integers read minus zero of plain data as its text is read', () => {
  assert.ok(Object.is(int.decode(-0), 0))
  assert.throws(() => uint.decode(-0), { message: 'json: cannot unmarshal number -0 into Go value of type uint' })
})

test('integers refuse what does not fit', () => {
  refuses('{"int":9223372036854775808}', '9223372036854775808', 'int')
  refuses('{"int":-9223372036854775809}', '-9223372036854775809', 'int')
  refuses('{"uint":-1}', '-1', 'uint')
  refuses('{"uint16":65536}', '65536', 'uint16')
  refuses('{"uint32":4294967296}', '4294967296', 'uint32')
  refuses('{"uint64":18446744073709551616}', '18446744073709551616', 'uint64')
})

test('integers take the whole of their range', () => {
  assert.equal(decode('{"int":9223372036854775807}').int, 2 ** 63)
  assert.equal(decode('{"int":-9223372036854775808}').int, -(2 ** 63))
  assert.equal(decode('{"uint16":65535}').uint16, 65535)
  assert.equal(decode('{"uint32":4294967295}').uint32, 4294967295)
  assert.equal(decode('{"uint64":18446744073709551615}').uint64, 18446744073709551615n)
  assert.equal(decode('{"uint64":9007199254740993}').uint64, 9007199254740993n)
  assert.ok(Object.is(decode('{"int":-0}').int, 0))
})

test('integers take the number alone when it was not parsed from text', () => {
  assert.equal(table.decode({ int: 1000 }).int, 1000)
  assert.throws(() => table.decode({ int: 1.5 }), /number 1.5 into/)
  assert.throws(() => table.decode({ int: 1e21 }), /number 1e\+21 into/)
  assert.equal(int.decode(7), 7)
})

test('integers do not take the spelling of another number', () => {
  assert.equal(decode('{"float64":1e3,"int":7}').int, 7)
  assert.deepEqual(decode('{"float64":1e3,"list":[7]}').list, [7])
})

test('integers forget the spelling of a number that a later key replaced', () => {
  assert.equal(decode('{"int":1e3,"int":7}').int, 7)
  refuses('{"int":7,"int":1e3}', '1e3', 'int')
})

test('integers and float64 refuse other kinds', () => {
  assert.throws(() => decode('{"int":"5"}'), /string into Go struct field T.int of type int$/)
  assert.throws(() => decode('{"float64":true}'), /bool into Go struct field T.float64 of type float64$/)
  assert.equal(decode('{"float64":1.5e3}').float64, 1500)
})
