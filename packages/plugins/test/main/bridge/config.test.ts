import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from '@patchbay/cni/json'
import { awaitsAddress } from '../../../src/main/bridge/bridge-link.ts'
import { checkForAdd, decodeBridgeConf, loadBridgeConfig } from '../../../src/main/bridge/config.ts'
import { bridge } from '../../../src/main/bridge/index.ts'
import { fakeRequest } from '../../fake-request.ts'

function load(config: JsonObject, args = '') {
  return loadBridgeConfig(fakeRequest(config, { args }))
}

test('loadBridgeConfig() knows the defaults', () => {
  const { bridge: name, mtu, vlan, trunk, deterministicMac, mac, ipamType, ...flags } = load({})
  assert.deepEqual(
    [name, mtu, vlan, trunk, deterministicMac, mac, ipamType],
    ['cni0', 0, 0, undefined, true, undefined, ''],
  )
  for (const value of Object.values(flags)) assert.ok(value === false || value === undefined, String(value))
})

test('loadBridgeConfig() keeps an empty name, and takes null for the default', () => {
  assert.deepEqual([load({ bridge: '' }).bridge, load({ bridge: null }).bridge], ['', 'cni0'])
})

test('loadBridgeConfig() takes a default gateway for a gateway', () => {
  assert.equal(load({ isDefaultGateway: true }).isGateway, true)
  assert.equal(load({ isGateway: true }).isDefaultGateway, false)
})

test('loadBridgeConfig() tells no trunk from an empty one', () => {
  assert.deepEqual([load({ vlanTrunk: null }).trunk, load({ vlanTrunk: [] }).trunk], [undefined, []])
  assert.deepEqual(load({ vlanTrunk: [{ minID: 3, maxID: 4 }, { id: 2 }] }).trunk, [2, 3, 4])
})

test('loadBridgeConfig() refuses a VLAN that is none', () => {
  for (const vlan of [-1, 4095])
    assert.throws(() => load({ vlan }), {
      name: 'RangeError',
      message: `invalid VLAN ID ${vlan} (must be between 0 and 4094)`,
    })
  assert.deepEqual([load({ vlan: 0 }).vlan, load({ vlan: 4094 }).vlan], [0, 4094])
})

test('loadBridgeConfig() takes the hardware address of the capability, then of args, then of CNI_ARGS', () => {
  const [capability, args, env] = [{ runtimeConfig: { mac: 'a' } }, { args: { cni: { mac: 'b' } } }, 'MAC=c']
  assert.equal(load({ ...capability, ...args }, env).mac?.text, 'a')
  assert.equal(load(args, env).mac?.text, 'b')
  assert.equal(load({ runtimeConfig: { mac: '' }, args: { cni: { mac: '' } } }, env).mac?.text, 'c')
  assert.equal(load({}, 'MAC=').mac, undefined)
  assert.throws(() => load(capability, 'FOO=1'), { message: 'ARGS: unknown args ["FOO=1"]' })
})

test('decodeBridgeConf() says what is wrong with a type, and judges nothing else', () => {
  assert.throws(() => decodeBridgeConf(fakeRequest({ mtu: 'x' })), {
    message: 'failed to load netconf: json: cannot unmarshal string into Go struct field NetConf.mtu of type int',
  })
  assert.equal(decodeBridgeConf(fakeRequest({ vlan: 9999 })).vlan, 9999)
})

test('checkForAdd() refuses keys that exclude each other', () => {
  const check = (config: JsonObject) => () => checkForAdd(load(config))
  assert.throws(check({ disableContainerInterface: true, ipam: { type: 'x' } }), {
    message: 'cannot use IPAM when DisableContainerInterface flag is set',
  })
  assert.throws(check({ hairpinMode: true, promiscMode: true }), {
    message: 'cannot set hairpin mode and promiscuous mode at the same time',
  })
  for (const config of [{ disableContainerInterface: true }, { hairpinMode: true }, { promiscMode: true }])
    assert.doesNotThrow(check(config))
})

test('awaitsAddress() is true of a bridge whose hardware address follows from its gateway alone', () => {
  const gateway = { isGateway: true, ipam: { type: 'x' } }
  assert.equal(awaitsAddress(load(gateway)), true)
  for (const keys of [{ isGateway: false }, { ipam: {} }, { vlan: 5 }, { deterministicMac: false }])
    assert.equal(awaitsAddress(load({ ...gateway, ...keys })), false, JSON.stringify(keys))
})

test('bridge STATUS asks IPAM, if there is one, and does not look at the rest', async () => {
  const withIpam = fakeRequest({ vlan: 9999, ipam: { type: 'x' } }, { args: 'FOO=1' })
  await bridge.status?.(withIpam)
  assert.deepEqual(withIpam.delegated, ['STATUS x'])
  for (const config of [{}, { ipam: {} }, { ipam: { type: '' } }]) {
    const without = fakeRequest(config)
    await bridge.status?.(without)
    assert.deepEqual(without.delegated, [])
  }
})
