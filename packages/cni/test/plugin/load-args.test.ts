import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadArgs } from '../../src/plugin/index.ts'
import { parseOptionalIP } from '../../src/types/index.ts'

const fields = { IP: parseOptionalIP, MAC: String }
const refuses = (text: string, message: string) =>
  assert.throws(() => loadArgs(text, fields), { name: 'SyntaxError', message }, text)

test('loadArgs() makes the values of known arguments', () => {
  const loaded = loadArgs('IP=10.0.0.5;MAC=02:00:00:00:00:01', fields)
  const mac: string | undefined = loaded.MAC
  assert.equal(mac, '02:00:00:00:00:01')
  assert.equal(String(loaded.IP), '10.0.0.5')
  // @ts-expect-error: not among the fields
  assert.equal(loaded.GATEWAY, undefined)
  assert.deepEqual(loadArgs('', fields), {})
  assert.deepEqual(loadArgs('IP=;MAC=', fields), { MAC: '' })
  assert.deepEqual(loadArgs('MAC=a;MAC=b', fields), { MAC: 'b' })
})

test('loadArgs() refuses pairs that are none', () => {
  for (const [text, pair] of [
    ['a', 'a'],
    ['MAC=x;', ''],
    [';', ''],
    ['MAC=a=b', 'MAC=a=b'],
    ['MAC="', undefined],
  ] as const) {
    if (pair === undefined) assert.deepEqual(loadArgs(text, fields), { MAC: '"' })
    else refuses(text, `ARGS: invalid pair "${pair}"`)
  }
})

test('loadArgs() refuses unknown arguments, by case too, in their order', () => {
  refuses('FOO=1', 'ARGS: unknown args ["FOO=1"]')
  refuses('ip=1.2.3.4', 'ARGS: unknown args ["ip=1.2.3.4"]')
  refuses('X="\u00e9;MAC=a;Y=2', 'ARGS: unknown args ["X=\\"\u00e9" "Y=2"]')
  refuses('IgnoreUnknown=0;X=1', 'ARGS: unknown args ["X=1"]')
  refuses('IgnoreUnknown=1;IgnoreUnknown=false;X=1', 'ARGS: unknown args ["X=1"]')
  refuses('toString=1', 'ARGS: unknown args ["toString=1"]')
  assert.throws(
    () => loadArgs('FOO=1', fields),
    ({ cause }) => {
      const remedy = 'the known arguments are "IP", "MAC"; add "IgnoreUnknown=1" to have others passed over'
      return cause instanceof SyntaxError && cause.message === `Cannot use all of CNI_ARGS: ${remedy}`
    },
  )
})

test('loadArgs() ignores unknown arguments with IgnoreUnknown anywhere', () => {
  for (const yes of ['1', 'true', 'TRUE', 'True']) {
    assert.deepEqual(loadArgs(`IgnoreUnknown=${yes};FOO=1;MAC=a`, fields), { MAC: 'a' })
    assert.deepEqual(loadArgs(`FOO=1;MAC=a;IgnoreUnknown=${yes}`, fields), { MAC: 'a' })
  }
})

test('loadArgs() reports a value that does not fit', () => {
  refuses('IP=zz', 'ARGS: error parsing value of pair "IP=zz": invalid IP address: zz')
  const boolean = 'boolean unmarshal error: invalid input'
  refuses('IgnoreUnknown=x', `ARGS: error parsing value of pair "IgnoreUnknown=x": ${boolean} x`)
  refuses('IgnoreUnknown=', `ARGS: error parsing value of pair "IgnoreUnknown=": ${boolean} `)
})
