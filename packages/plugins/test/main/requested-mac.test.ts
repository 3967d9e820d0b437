import assert from 'node:assert/strict'
import { test } from 'node:test'
import { requestedMac } from '../../src/main/requested-mac.ts'

test('requestedMac() prefers the capability, then args, then CNI_ARGS', () => {
  const runtimeConfig = { mac: 'a' }
  const args = { cni: { mac: 'b' } }
  assert.equal(requestedMac('MAC=c', { runtimeConfig, args }), 'a')
  assert.equal(requestedMac('MAC=c', { args }), 'b')
  assert.equal(requestedMac('MAC=c', { args: {}, runtimeConfig: {} }), 'c')
  assert.equal(requestedMac('MAC=c', { args: { cni: { mac: '' } }, runtimeConfig: { mac: '' } }), 'c')
  for (const text of ['', 'MAC=', 'IgnoreUnknown=1;mac=c']) assert.equal(requestedMac(text, {}), undefined)
})

test('requestedMac() refuses arguments that it does not know, even where they do not count', () => {
  for (const sources of [{}, { runtimeConfig: { mac: 'a' } }])
    assert.throws(() => requestedMac('MAC=c;FOO=1', sources), { message: 'ARGS: unknown args ["FOO=1"]' })
  assert.equal(requestedMac('FOO=1;MAC=c;IgnoreUnknown=true', {}), 'c')
})
