import assert from 'node:assert/strict'
import { test } from 'node:test'
import { array, float64, int, map, object, orZero, parseJson, raw, string } from '../../src/json/index.ts'

const conf = object('NetConf', {
  mtu: int,
  prevResult: map(raw),
  ipam: object('IPAM', {
    type: orZero(string),
    id: int,
    addresses: array(object('Address', { address: string, gateway: string })),
    dns: object('DNS', { domain: string, search: array(string) }),
  }),
})

const decode = (text: string) => conf.decode(parseJson(text, { outOfRange: 'infinite' }))

test('object() merges the objects that one key says, as Go does', () => {
  assert.deepEqual(decode('{"ipam":{"type":"a","id":1},"ipam":{"id":2}}'), { ipam: { type: 'a', id: 2 } })
  assert.deepEqual(decode('{"IPAM":{"type":"a","id":1},"ipam":{"id":2}}'), { ipam: { type: 'a', id: 2 } })
  assert.deepEqual(decode('{"ipam":{"type":"a"},"mtu":1,"ipam":{"id":1},"ipam":{"ID":2}}'), {
    mtu: 1,
    ipam: { type: 'a', id: 2 },
  })
  const dns = { domain: 'a', search: ['s'] }
  const twice = '{"ipam":{"dns":{"domain":"b","search":["s"]},"dns":{"domain":"a"}}}'
  assert.deepEqual(decode(twice), { ipam: { type: '', dns } })
  assert.deepEqual(decode('{"ipam":{"dns":{"domain":"a"}},"ipam":{"dns":{"search":["s"]}}}'), {
    ipam: { type: '', dns },
  })
})

test('object() has null, a list and a value that is no object replace what a key said before', () => {
  assert.deepEqual(decode('{"ipam":{"type":"a"},"ipam":null}'), {})
  assert.deepEqual(decode('{"ipam":null,"ipam":{"type":"a"}}'), { ipam: { type: 'a' } })
  const lists = '{"ipam":{"addresses":[{"address":"a","gateway":"g"}],"addresses":[{"address":"b"}]}}'
  assert.deepEqual(decode(lists), { ipam: { type: '', addresses: [{ address: 'b' }] } })
  assert.throws(() => decode('{"ipam":{"type":"a"},"ipam":1}'), {
    message: 'json: cannot unmarshal number into Go struct field NetConf.ipam of type main.IPAM',
  })
})

test('map() merges keys, and replaces their values whole', () => {
  const text = '{"prevResult":{"ips":[1],"dns":{"domain":"a"}},"prevResult":{"dns":{"search":["s"]}}}'
  assert.deepEqual(decode(text), { prevResult: { ips: [1], dns: { search: ['s'] } } })
})

test('object() remembers how a number was spelled in objects that it merges', () => {
  assert.throws(() => decode('{"ipam":{"id":1e3},"ipam":{"type":"a"}}'), {
    message: 'json: cannot unmarshal number 1e3 into Go struct field IPAM.ipam.id of type int',
  })
  assert.deepEqual(decode('{"ipam":{"id":1e3},"ipam":{"id":1}}'), { ipam: { type: '', id: 1 } })
})

test('a number that no double holds matters where a table has a key for it', () => {
  assert.deepEqual(decode('{"x":1e400,"y":[{"z":-1e999}],"mtu":5}'), { mtu: 5 })
  assert.throws(() => decode('{"mtu":1e400}'), {
    message: 'json: cannot unmarshal number 1e400 into Go struct field NetConf.mtu of type int',
  })
  for (const prevResult of ['{"x":1e400}', '{"a":{"x":[1e400]}}'])
    assert.throws(() => decode(`{"prevResult":${prevResult}}`), {
      message: 'json: cannot unmarshal number 1e400 into Go struct field NetConf.prevResult of type float64',
    })
  const floats = object('F', { f: float64 })
  assert.throws(
    () => floats.decode(parseJson('{"f":1e400}', { outOfRange: 'infinite' })),
    /number 1e400 .*F\.f of type float64/,
  )
  assert.throws(() => parseJson('{"x":1e400}'), {
    message: 'json: cannot unmarshal number 1e400 into Go value of type float64',
  })
})
