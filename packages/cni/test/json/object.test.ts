import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  array,
  boolean,
  custom,
  type Decoded,
  int,
  type JsonValue,
  map,
  named,
  object,
  orZero,
  parseJson,
  raw,
  required,
  string,
  text,
  withDefault,
} from '../../src/json/index.ts'

const netConf = object('NetConf', {
  bridge: withDefault(string, 'cni0'),
  portIsolation: boolean,
  mtu: int,
  names: orZero(array(string)),
  vlanTrunk: array(object('VlanTrunk', { minID: int })),
  capabilities: map(boolean),
  runtimeConfig: object('RuntimeConf', { mac: string }),
  attachments: named('cni.dev/valid-attachments', array(string)),
  extra: raw,
})
type NetConf = Decoded<typeof netConf>

const decode = (json: string): NetConf => netConf.decode(parseJson(json))
const refuses = (json: string, message: string) =>
  assert.throws(() => decode(json), { name: 'JsonError', message: `json: cannot unmarshal ${message}` }, json)

test('object() decodes every kind of field', () => {
  const json = {
    bridge: 'br0',
    portIsolation: true,
    mtu: 1500,
    names: ['a'],
    vlanTrunk: [{ minID: 1 }, {}],
    capabilities: { mac: true },
    runtimeConfig: { mac: 'x' },
    extra: { deep: [null, { a: 1.5 }] },
  }
  assert.deepEqual(decode(JSON.stringify(json)), json)
  assert.deepEqual(decode('{"cni.dev/valid-attachments":["x"]}').attachments, ['x'])
})

test('object() derives the type from the table', () => {
  const conf = decode('{}')
  const always: { bridge: string; names: string[] } = conf
  // @ts-expect-error: an ordinary field may be absent
  const mtu: number = conf.mtu
  // @ts-expect-error: there is no such field
  const none = conf.mtuu
  // @ts-expect-error: a default must fit its codec
  withDefault(int, 'x')
  assert.deepEqual([always, mtu, none], [{ bridge: 'cni0', names: [] }, undefined, undefined])
})

test('object() takes null for absent and ignores unknown keys', () => {
  assert.deepEqual(decode('{"mtu":null,"bridge":null,"names":null,"vlanTrunk":null,"zzz":[1]}'), {
    bridge: 'cni0',
    names: [],
  })
  assert.deepEqual(netConf.decode(null), { bridge: 'cni0', names: [] })
})

test('object() matches keys in any case, as Go folds it', () => {
  assert.equal(decode('{"BRIDGE":"a"}').bridge, 'a')
  assert.equal(decode('{"Portisolation":true}').portIsolation, true)
  assert.deepEqual(decode('{"name\u017f":["long s"]}').names, ['long s'])
  assert.equal(object('T', { key: string }).decode({ '\u212aey': 'kelvin' }).key, 'kelvin')
  assert.deepEqual(object('T', { ss: string }).decode({ '\u00df': 'sharp s' }), {})
  assert.deepEqual(object('T', { ss: string }).decode({ '\u017fS': 'long s first' }), { ss: 'long s first' })
})

test('object() prefers the exact key for a field, and the last of several', () => {
  const table = object('T', { Name: string, name: string })
  assert.deepEqual(table.decode(parseJson('{"name":"a","Name":"b"}')), { name: 'a', Name: 'b' })
  assert.equal(decode('{"bridge":"a","BRIDGE":"b"}').bridge, 'b')
  assert.equal(decode('{"BRIDGE":"b","bridge":"a"}').bridge, 'a')
  assert.equal(decode('{"bridge":"a","BRIDGE":"b","bridge":"c"}').bridge, 'c')
})

test('object() reports a wrong type in the words of Go, with the path', () => {
  refuses('{"portIsolation":"true"}', 'string into Go struct field NetConf.portIsolation of type bool')
  refuses('{"PORTISOLATION":1}', 'number into Go struct field NetConf.portIsolation of type bool')
  refuses('{"bridge":true}', 'bool into Go struct field NetConf.bridge of type string')
  refuses('{"names":"a"}', 'string into Go struct field NetConf.names of type []string')
  refuses('{"names":[[]]}', 'array into Go struct field NetConf.names of type string')
  refuses('{"vlanTrunk":{}}', 'object into Go struct field NetConf.vlanTrunk of type []main.VlanTrunk')
  refuses('{"vlanTrunk":[5]}', 'number into Go struct field NetConf.vlanTrunk of type main.VlanTrunk')
  refuses('{"vlanTrunk":[{"minID":"1"}]}', 'string into Go struct field VlanTrunk.vlanTrunk.minID of type int')
  refuses('{"capabilities":[]}', 'array into Go struct field NetConf.capabilities of type map[string]bool')
  refuses('{"capabilities":{"a":"b"}}', 'string into Go struct field NetConf.capabilities of type bool')
  refuses('{"runtimeConfig":5}', 'number into Go struct field NetConf.runtimeConfig of type main.RuntimeConf')
  refuses('{"runtimeConfig":{"mac":"x"},"mtu":""}', 'string into Go struct field NetConf.mtu of type int')
  refuses('{"runtimeConfig":{"mac":1.5}}', 'number into Go struct field RuntimeConf.runtimeConfig.mac of type string')
  refuses('{"vlanTrunk":[{"minID":1e3}]}', 'number 1e3 into Go struct field VlanTrunk.vlanTrunk.minID of type int')
  refuses('[]', 'array into Go value of type main.NetConf')
  refuses('"x"', 'string into Go value of type main.NetConf')
})

test('object() names structs of other packages, and those without a name', () => {
  const conf = object('types.PluginConf', { ipam: object('types.IPAM', { type: string }) })
  assert.throws(() => conf.decode({ ipam: 5 }), /field PluginConf.ipam of type types.IPAM$/)
  assert.throws(() => conf.decode({ ipam: { type: 5 } }), /field IPAM.ipam.type of type string$/)
  const nameless = object('struct { Name string }', { name: string })
  assert.throws(() => nameless.decode({ name: 1 }), /number into Go struct field .name of type string$/)
  assert.throws(() => nameless.decode([]), /array into Go value of type struct { Name string }$/)
})

test('custom() reports the struct around a type with its own decoder', () => {
  const route = custom(object('types.route', { mtu: int, inner: object('Inner', { x: int }) }))
  const conf = object('Conf', { routes: array(route) })
  assert.throws(() => conf.decode({ routes: [{ mtu: 'x' }] }), /struct field Conf.routes.mtu of type int$/)
  assert.throws(() => conf.decode({ routes: [{ inner: { x: 'x' } }] }), /struct field Conf.routes.inner.x of type int$/)
  assert.throws(() => route.decode({ mtu: 'x' }), /struct field route.mtu of type int$/)
  assert.throws(() => array(route).decode([{ mtu: 'x' }]), /struct field route.mtu of type int$/)
  assert.throws(() => array(route).decode([{ inner: { x: 'x' } }]), /struct field Inner.inner.x of type int$/)
  assert.throws(
    () => conf.decode(parseJson('{"routes":[{"inner":{"x":1.5}}]}')),
    /number 1.5 into .* Conf.routes.inner.x /,
  )
  assert.throws(() => route.decode({ inner: { x: 'x' } }), /struct field Inner.inner.x of type int$/)
})

test('array() and map() take null for a zero value where there is one', () => {
  assert.deepEqual(decode('{"names":["a",null],"capabilities":{"x":null}}'), {
    bridge: 'cni0',
    names: ['a', ''],
    capabilities: { x: false },
  })
  assert.throws(() => decode('{"vlanTrunk":[{},null]}'), {
    name: 'JsonError',
    message: 'Cannot decode NetConf.vlanTrunk: element 1 is null',
  })
  const ofObjects = object('T', { byName: map(object('U', {})) })
  assert.throws(() => ofObjects.decode({ byName: { a: null } }), { message: 'Cannot decode T.byName: "a" is null' })
})

test('map() keeps __proto__ as a key', () => {
  const decoded = decode('{"capabilities":{"__proto__":true}}').capabilities ?? {}
  assert.deepEqual(Object.entries(decoded), [['__proto__', true]])
  const withNull = decode('{"capabilities":{"b":true,"__proto__":null,"a":null}}').capabilities ?? {}
  assert.deepEqual(Object.entries(withNull), [
    ['b', true],
    ['__proto__', false],
    ['a', false],
  ])
})

test('map() leaves the document as it was', () => {
  const json = { capabilities: { a: null } }
  assert.deepEqual([netConf.decode(json).capabilities, json], [{ a: false }, { capabilities: { a: null } }])
})

test('orZero() and withDefault() take what the document says, be it empty', () => {
  const table = object('T', {
    a: orZero(string),
    b: withDefault(string, 'x'),
    c: orZero(int),
    d: withDefault(boolean, true),
  })
  assert.deepEqual(table.decode({}), { a: '', b: 'x', c: 0, d: true })
  assert.deepEqual(table.decode({ a: 'y', b: '', c: 1, d: false }), { a: 'y', b: '', c: 1, d: false })
})

test('orZero() gives each document a value of its own', () => {
  decode('{}').names.push('left behind')
  assert.deepEqual(decode('{}').names, [])
})

test('required() refuses a document without the field', () => {
  const inner = object('IPAM', { type: required(string) })
  const conf = object('Conf', { ipam: inner })
  assert.throws(() => conf.decode({ ipam: {} }), {
    name: 'JsonError',
    message: 'Cannot decode IPAM.ipam.type: missing',
  })
  assert.throws(() => inner.decode(null), { message: 'Cannot decode IPAM.type: missing' })
  assert.equal(inner.decode({ type: '' }).type, '')
})

test('custom() keeps the spelling of a number', () => {
  const conf = object('Conf', { x: custom(int) })
  assert.throws(() => conf.decode(parseJson('{"x":1e3}')), /number 1e3 into Go struct field Conf.x of type int$/)
})

test('text() passes on the errors of what it parses with', () => {
  const upper = text('main.Upper', (value) => {
    if (value !== value.toUpperCase()) throw new RangeError(`not upper: ${value}`)
    return value === '' ? undefined : value
  })
  const conf = object('Conf', { u: upper, us: array(upper) })
  assert.deepEqual(conf.decode({ u: 'A' }), { u: 'A' })
  assert.deepEqual(conf.decode({ u: '' }), {})
  assert.throws(() => conf.decode({ u: 'a' }), { name: 'RangeError', message: 'not upper: a' })
  assert.throws(() => conf.decode({ u: 1 }), /number into Go struct field Conf.u of type main.Upper$/)
  assert.throws(() => conf.decode({ us: [''] }), { message: 'Cannot decode Conf.us: element 0 is null' })
})

test('raw passes data through as it is', () => {
  const extra: JsonValue = { a: [1, null, { b: 'c' }] }
  assert.equal(netConf.decode({ extra }).extra, extra)
})
