import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseRequestedMac, requestedMac } from '../../src/request/requested-mac.ts'
import { shownError } from '../shown-error.ts'

test('requestedMac() prefers the capability, then args, then CNI_ARGS', () => {
  const runtimeConfig = { mac: 'a' }
  const args = { cni: { mac: 'b' } }
  const [a, b] = [
    { text: 'a', where: 'key "runtimeConfig.mac"' },
    { text: 'b', where: 'key "args.cni.mac"' },
  ]
  const c = { text: 'c', where: '"MAC" in CNI_ARGS' }
  assert.deepEqual(requestedMac('MAC=c', { runtimeConfig, args }), a)
  assert.deepEqual(requestedMac('MAC=c', { args }), b)
  assert.deepEqual(requestedMac('MAC=c', { args: {}, runtimeConfig: {} }), c)
  assert.deepEqual(requestedMac('MAC=c', { args: { cni: { mac: '' } }, runtimeConfig: { mac: '' } }), c)
  for (const text of ['', 'MAC=', 'IgnoreUnknown=1;mac=c']) assert.equal(requestedMac(text, {}), undefined)
})

test('requestedMac() refuses arguments that it does not know, even where they do not count', () => {
  for (const sources of [{}, { runtimeConfig: { mac: 'a' } }])
    assert.throws(() => requestedMac('MAC=c;FOO=1', sources), { message: 'ARGS: unknown args ["FOO=1"]' })
  assert.equal(requestedMac('FOO=1;MAC=c;IgnoreUnknown=true', {})?.text, 'c')
})

test('parseRequestedMac() says where the text stands that is no hardware address', async () => {
  const problem = (reason: string) => `failed to make veth pair: ${reason}`
  const mac = parseRequestedMac({ text: '02-00-00-00-00-01', where: 'key "mac"' }, problem)
  assert.equal(String(mac), '02:00:00:00:00:01')
  assert.equal(parseRequestedMac(undefined, problem), undefined)
  assert.deepEqual(await shownError(() => parseRequestedMac({ text: 'zz', where: 'key "mac"' }, problem)), {
    msg: 'failed to make veth pair: address zz: invalid MAC address',
    details: 'Cannot read key "mac"',
  })
})
