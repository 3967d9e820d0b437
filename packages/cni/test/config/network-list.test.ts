import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  injectConf,
  listFromPluginConf,
  networkListFromBytes,
  type PluginConfig,
  pluginConfFromBytes,
} from '../../src/config/index.ts'
import { JsonError } from '../../src/json/index.ts'
import { seeded } from '../testing/scratch.ts'

const prefix = 'error parsing configuration list: '

/** Asserts what the list `json` is refused with; a string is taken as the text itself. */
function refused(json: unknown, message: string): void {
  const text = typeof json === 'string' ? json : JSON.stringify(json)
  assert.throws(() => networkListFromBytes(text), { name: 'JsonError', message })
}

test('networkListFromBytes() keeps the text and every key of a plugin', () => {
  const bytes = '{ "name": "n", "cniVersion": "1.1.0", "plugins": [{ "type": "bridge", "x": { "b": 1, "a": [1e3] } }] }'
  const list = networkListFromBytes(bytes)
  assert.equal(list.bytes, bytes)
  assert.deepEqual([list.name, list.cniVersion, list.disableCheck, list.disableGC], ['n', '1.1.0', false, false])
  assert.deepEqual(
    list.plugins.map((plugin) => [plugin.type, plugin.bytes]),
    [['bridge', '{"type":"bridge","x":{"a":[1000],"b":1}}']],
  )
})

test('networkListFromBytes() checks the keys in order, with the words of the reference', () => {
  refused('{', `${prefix}unexpected end of JSON input`)
  refused([], `${prefix}json: cannot unmarshal array into Go value of type map[string]interface {}`)
  refused('null', `${prefix}no name`)
  refused({ Name: 'n' }, `${prefix}no name`)
  refused({ name: null, cniVersion: 1 }, `${prefix}invalid name type <nil>`)
  refused({ name: 1 }, `${prefix}invalid name type float64`)
  refused({ name: true }, `${prefix}invalid name type bool`)
  refused({ name: [] }, `${prefix}invalid name type []interface {}`)
  refused({ name: {}, plugins: 1 }, `${prefix}invalid name type map[string]interface {}`)
  refused({ name: 'n', cniVersion: 1, cniVersions: 1 }, `${prefix}invalid cniVersion type float64`)
  refused({ name: 'n', cniVersions: 'x' }, `${prefix}invalid type for cniVersions: string`)
  refused({ name: 'n', cniVersions: ['1.0.0', 1] }, `${prefix}invalid type for cniVersions index 1: float64`)
  refused({ name: 'n', disableCheck: 1, disableGC: 1 }, `${prefix}invalid type float64 for disableCheck`)
  refused({ name: 'n', disableCheck: 'Yes' }, `${prefix}invalid value "yes" for disableCheck`)
  refused({ name: 'n', disableGC: null }, `${prefix}invalid type <nil> for disableGC`)
  refused({ name: 'n', loadOnlyInlinedPlugins: 'x' }, `${prefix}invalid value "x" for loadOnlyInlinedPlugins`)
  refused(
    { name: 'n', loadOnlyInlinedPlugins: true },
    `${prefix}\`loadOnlyInlinedPlugins\` is true, and no 'plugins' key`,
  )
  refused({ name: 'n', plugins: {} }, `${prefix}invalid 'plugins' type map[string]interface {}`)
  refused({ name: 'n', plugins: [] }, `${prefix}no plugins in list`)
})

test('networkListFromBytes() says which plugin is wrong, without the prefix of the list', () => {
  refused(
    { name: 'n', plugins: [{ type: 'a' }, { kind: 'b' }] },
    `failed to parse plugin config 1: error parsing configuration: missing 'type'`,
  )
  refused(
    { name: 'n', plugins: [{ type: 'a', capabilities: { mac: 'yes' } }] },
    'failed to parse plugin config 0: error parsing configuration: json: cannot unmarshal string into Go struct ' +
      'field PluginConf.capabilities of type bool',
  )
  refused(
    { name: 'n', plugins: [null] },
    `failed to parse plugin config 0: error parsing configuration: missing 'type'`,
  )
})

test('networkListFromBytes() picks the highest version it knows from cniVersions and cniVersion', () => {
  const version = (keys: object) => networkListFromBytes(JSON.stringify({ name: 'n', ...keys })).cniVersion
  assert.equal(version({ cniVersions: ['0.4.0', '1.1.0', '2.0.0'] }), '1.1.0')
  assert.equal(version({ cniVersions: ['0.4.0', '0.3.1'], cniVersion: '1.0.0' }), '1.0.0')
  assert.equal(version({ cniVersions: ['1.0.0', '0.4.0'], cniVersion: '2.0.0' }), '1.0.0')
  assert.equal(version({ cniVersions: ['0.10.0', '0.9.0'] }), '0.10.0')
  assert.equal(version({ cniVersions: ['2.0.0'], cniVersion: '3.0.0' }), '3.0.0')
  assert.equal(version({ cniVersions: [], cniVersion: '' }), '')
  assert.equal(version({ cniVersion: 'anything' }), 'anything')
  assert.equal(version({ cniversion: '1.0.0' }), '')
})

test('networkListFromBytes() refuses versions that do not parse, only beside cniVersions', () => {
  refused(
    { name: 'n', cniVersions: ['1.0.0', '1.0.0.0'] },
    `${prefix}invalid cniVersions entry 1.0.0.0 at index 1: invalid version "1.0.0.0": too many parts`,
  )
  refused(
    { name: 'n', cniVersions: [], cniVersion: '1.x' },
    `${prefix}invalid cniVersion 1.x: failed to convert minor version part "x": strconv.Atoi: parsing "x": invalid syntax`,
  )
})

test('networkListFromBytes() takes flags as booleans and as words in any case', () => {
  const list = networkListFromBytes(
    '{"name":"n","disableCheck":"TRUE","disableGC":true,"loadOnlyInlinedPlugins":"False"}',
  )
  assert.deepEqual([list.disableCheck, list.disableGC, list.loadOnlyInlinedPlugins], [true, true, false])
  assert.deepEqual(list.plugins, [])
})

test('networkListFromBytes() throws nothing but JsonError, whatever the bytes', () => {
  const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 32)
  const random = seeded(seed)
  const parts = ['{', '}', '[', ']', ',', ':', '"name"', '"plugins"', '"type"', '"cniVersions"', '"n"', 'true', 'null']
  const extra = ['1e999', '"\\ud800"', '\u0000', '"__proto__"', '"dns"', '"1.1.0"', '"capabilities"', '-', '"ipam"']
  const words = [...parts, ...extra]
  for (let run = 0; run < 3000; run++) {
    const text = Array.from({ length: random(14) }, () => words[random(words.length)]).join('')
    const body = random(2) === 0 ? text : `{"name":"n","plugins":[{"type":"x",${text}}]}`
    try {
      networkListFromBytes(body)
    } catch (error) {
      assert.ok(error instanceof JsonError, `seed ${seed}: ${JSON.stringify(body)} threw ${String(error)}`)
    }
  }
})

test('pluginConfFromBytes() decodes the header and keeps the rest', () => {
  const bytes =
    '{"TYPE":"portmap","name":"n","cniVersion":"0.3.1","capabilities":{"portMappings":true},"ipam":{"type":"x"},"k":1}'
  const conf = pluginConfFromBytes(bytes)
  assert.deepEqual([conf.type, conf.name, conf.cniVersion, conf.ipam?.type], ['portmap', 'n', '0.3.1', 'x'])
  assert.deepEqual({ ...conf.capabilities }, { portMappings: true })
  assert.equal(conf.json['k'], 1)
  assert.equal(conf.bytes, bytes)
})

test('pluginConfFromBytes() says what is wrong', () => {
  const message =
    'error parsing configuration: json: cannot unmarshal string into Go struct field PluginConf.dns of type types.DNS'
  assert.throws(
    () => pluginConfFromBytes('{"type":"x","dns":"1.1.1.1"}'),
    (error) => error instanceof JsonError && error.message === message,
  )
  assert.throws(() => pluginConfFromBytes('{"type":""}'), { message: `error parsing configuration: missing 'type'` })
  assert.throws(() => pluginConfFromBytes(''), { message: 'error parsing configuration: unexpected end of JSON input' })
})

test('injectConf() writes the object anew with sorted keys', () => {
  const conf = pluginConfFromBytes('{ "type": "x", "z": { "b": 1, "a": "<" }, "name": "old" }')
  const injected: PluginConfig = injectConf(conf, { name: 'new', cniVersion: '' })
  assert.equal(injected.bytes, '{"cniVersion":"","name":"new","type":"x","z":{"a":"\\u003c","b":1}}')
  assert.equal(injected.name, 'new')
  assert.deepEqual([conf.name, conf.json['name']], ['old', 'old'])
})

test('injectConf() rejects an empty key and a null value', () => {
  const conf = pluginConfFromBytes('{"type":"x"}')
  assert.throws(() => injectConf(conf, { '': 1 }), { name: 'TypeError', message: 'keys cannot be empty' })
  assert.throws(() => injectConf(conf, { k: null }), { name: 'TypeError', message: `key 'k' value must not be nil` })
})

test('listFromPluginConf() lifts name and version of the plugin, nothing else', () => {
  const list = listFromPluginConf(
    pluginConfFromBytes('{"type":"x","name":"n","disableCheck":true,"cniVersions":["1.1.0"],"cniVersion":"0.2.0"}'),
  )
  assert.equal(
    list.bytes,
    '{"cniVersion":"0.2.0","name":"n","plugins":[{"cniVersion":"0.2.0","cniVersions":["1.1.0"],"disableCheck":true,"name":"n","type":"x"}]}',
  )
  assert.deepEqual([list.name, list.cniVersion, list.disableCheck, list.plugins.length], ['n', '0.2.0', false, 1])
  assert.equal(listFromPluginConf(pluginConfFromBytes('{"type":"x"}')).cniVersion, '')
})
