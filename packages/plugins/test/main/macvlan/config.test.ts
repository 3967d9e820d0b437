import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from '@patchbay/cni/json'
import { loadMacvlanConfig, parseMode, requestedMac } from '../../../src/main/macvlan/config.ts'
import { macvlan } from '../../../src/main/macvlan/index.ts'
import { fakeRequest } from '../../fake-request.ts'

function mac(config: JsonObject, args = ''): string | undefined {
  const request = fakeRequest(config, { args })
  return requestedMac(request, loadMacvlanConfig(request))?.text
}

test('parseMode() gives the number of a mode, <linux/if_link.h> MACVLAN_MODE_*', () => {
  assert.deepEqual(['private', 'vepa', 'bridge', 'passthru', ''].map(parseMode), [1, 2, 4, 8, 4])
})

test('parseMode() refuses all other names', () => {
  for (const mode of ['source', 'Bridge', ' bridge', 'toString', '__proto__'])
    assert.throws(() => parseMode(mode), { name: 'RangeError', message: `unknown macvlan mode: "${mode}"` })
})

test('requestedMac() prefers the capability, then CNI_ARGS, then the key; args.cni does not count', () => {
  const [capability, key] = [{ runtimeConfig: { mac: 'a' } }, { mac: 'c' }]
  assert.equal(mac({ ...capability, ...key }, 'MAC=b'), 'a')
  assert.equal(mac(key, 'MAC=b'), 'b')
  assert.equal(mac({ ...key, runtimeConfig: { mac: '' } }, 'MAC='), 'c')
  assert.equal(mac({ mac: '' }), undefined)
  assert.equal(mac({ args: { cni: { mac: 'd' } } }), undefined)
  assert.throws(() => mac(capability, 'FOO=1'), { message: 'ARGS: unknown args ["FOO=1"]' })
})

test('loadMacvlanConfig() knows the defaults, and refuses what is no 32-bit number', () => {
  const config = loadMacvlanConfig(fakeRequest({}))
  assert.deepEqual(
    [config.master, config.mode, config.mtu, config.linkInContainer, config.bcqueuelen, config.deterministicMac],
    ['', '', 0, false, 0, true],
  )
  assert.throws(() => loadMacvlanConfig(fakeRequest({ bcqueuelen: -1 })), {
    message:
      'failed to load netconf: json: cannot unmarshal number -1 into Go struct field NetConf.bcqueuelen of type uint32',
  })
})

test('macvlan STATUS asks IPAM, if there is one', async () => {
  const requests = [fakeRequest({ ipam: { type: 'x' } }), fakeRequest({})]
  for (const request of requests) await macvlan.status?.(request)
  assert.deepEqual(
    requests.map(({ delegated }) => delegated),
    [['STATUS x'], []],
  )
})
