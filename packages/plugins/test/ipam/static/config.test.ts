import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from '@patchbay/cni/json'
import { loadStaticConfig } from '../../../src/ipam/static/config.ts'
import { staticIpam } from '../../../src/ipam/static/index.ts'
import { fakeRequest } from '../../fake-request.ts'
import { shownError } from '../../shown-error.ts'

const addresses = [{ address: '10.1.2.3/24', gateway: '10.1.2.1' }, { address: 'fd00::3/64' }]

/** Addresses and gateways as text. */
function load(keys: JsonObject, args = ''): string[] {
  const { ips } = loadStaticConfig(fakeRequest({ ipam: { addresses }, ...keys }, { args }))
  return ips.map(({ address, gateway }) => `${address} ${gateway ?? '-'}`)
}

const configured = ['10.1.2.3/24 10.1.2.1', 'fd00::3/64 -']

test('loadStaticConfig() adds what CNI_ARGS gives to the addresses of the configuration', () => {
  assert.deepEqual(load({}), configured)
  assert.deepEqual(load({}, 'IP=10.9.0.9/24, fd09::9/64'), [...configured, '10.9.0.9/24 -', 'fd09::9/64 -'])
  assert.deepEqual(load({}, 'GATEWAY=fd09::1,10.9.0.1;IP=10.9.0.9/24,fd09::9/64,10.8.0.8/24'), [
    ...configured,
    '10.9.0.9/24 10.9.0.1',
    'fd09::9/64 fd09::1',
    '10.8.0.8/24 -',
  ])
  // A gateway counts for addresses of CNI_ARGS alone.
  assert.deepEqual(load({}, 'GATEWAY=fd00::1'), configured)
})

test('loadStaticConfig() lets args.cni.ips replace all that, and runtimeConfig.ips these', () => {
  const args = { args: { cni: { ips: ['10.7.0.7/24'] } } }
  const runtimeConfig = { runtimeConfig: { ips: ['10.6.0.6/24', 'fd06::6/64'] } }
  assert.deepEqual(load(args, 'IP=10.9.0.9/24'), ['10.7.0.7/24 -'])
  assert.deepEqual(load({ ...args, ...runtimeConfig }), ['10.6.0.6/24 -', 'fd06::6/64 -'])
  assert.deepEqual(load({ args: { cni: { ips: [] } }, runtimeConfig: { ips: [] } }), configured)
})

test('loadStaticConfig() names the place of what is no address, whether it counts or not', () => {
  const runtimeConfig = { ips: ['10.6.0.6/24'] }
  const cases: [JsonObject, string, string][] = [
    [
      { ipam: { addresses: [{ address: '1.2.3.4' }] } },
      '',
      "the 'address' field is expected to be in CIDR notation, got: '1.2.3.4'",
    ],
    [{ ipam: { addresses: [{}] } }, '', "the 'address' field is expected to be in CIDR notation, got: ''"],
    [{ args: { cni: { ips: ['x'] } } }, '', "an entry in the 'ips' field is NOT in CIDR notation, got: 'x'"],
    [
      { args: { cni: { ips: ['x'] } }, runtimeConfig },
      '',
      "an entry in the 'ips' field is NOT in CIDR notation, got: 'x'",
    ],
    [{ runtimeConfig: { ips: ['x'] } }, '', "an entry in the 'ips' field is NOT in CIDR notation, got: 'x'"],
    [{ runtimeConfig }, 'IP=x', "the 'ip' field is expected to be in CIDR notation, got: 'x'"],
    [{ runtimeConfig }, 'GATEWAY=x', 'invalid gateway address: x'],
    [{ ipam: null }, '', "IPAM config missing 'ipam' key"],
  ]
  for (const [keys, args, message] of cases) assert.throws(() => load(keys, args), { message })
  // Replaced before they are looked at.
  assert.deepEqual(load({ ipam: { addresses: [{ address: 'x' }] }, runtimeConfig }), ['10.6.0.6/24 -'])
})

test('loadStaticConfig() tells the key of what is no address', async () => {
  const address = '10.1.2.3/24'
  const cases: [JsonObject, string, string][] = [
    [{ ipam: { addresses: [{ address: 'x' }] } }, '', 'key "ipam.addresses.address": invalid CIDR address: x'],
    [{ ipam: { addresses: [{ address, gateway: 'x' }] } }, '', 'key "ipam.addresses.gateway"'],
    [{ ipam: { addresses, routes: [{ dst: 'x' }] } }, '', 'key "ipam.routes.dst"'],
    [{ ipam: { addresses, routes: [{ dst: address, gw: 'x' }] } }, '', 'key "ipam.routes.gw"'],
    [{ args: { cni: { ips: ['x'] } } }, '', 'key "args.cni.ips": invalid CIDR address: x'],
    [{ runtimeConfig: { ips: ['x'] } }, '', 'key "runtimeConfig.ips": invalid CIDR address: x'],
    [{}, 'IP=x', '"IP" in CNI_ARGS: invalid CIDR address: x'],
    [{}, 'GATEWAY=x', '"GATEWAY" in CNI_ARGS: invalid IP address: x'],
  ]
  for (const [keys, args, where] of cases)
    assert.equal((await shownError(() => load(keys, args))).details, `Cannot read ${where}`)
})

test('static ADD refuses a second address of a family before 0.3.0', async () => {
  const ipam = { addresses: [...addresses, { address: '10.4.4.4/24' }] }
  for (const cniVersion of ['0.1.0', '0.2.0'])
    await assert.rejects(async () => staticIpam.add?.(fakeRequest({ ipam }, { cniVersion })), {
      message: `CNI version ${cniVersion} does not support more than 1 address per family`,
    })
  assert.equal((await staticIpam.add?.(fakeRequest({ ipam }, { cniVersion: '0.3.0' })))?.ips?.length, 3)
})

test('static CHECK compares gateways by address, and is content with an address that is not there', async () => {
  const check = (ips: JsonObject[]) =>
    staticIpam.check?.(
      fakeRequest({ cniVersion: '1.1.0', ipam: { addresses }, prevResult: { cniVersion: '1.1.0', ips } }),
    )
  await check([{ address: '10.1.2.3/24', gateway: '10.1.2.1' }])
  await check([{ address: '10.9.9.9/24', gateway: '10.1.2.9' }])
  for (const wrong of [{ gateway: '10.1.2.9' }, {}])
    for (const address of ['10.1.2.3/24', '10.1.2.3/16'])
      await assert.rejects(async () => check([{ address, ...wrong }]), {
        message: 'static: Failed to match addr 10.1.2.3 on interface eth0',
      })
})

test('static DEL does not read the configuration', async () => {
  assert.equal(await staticIpam.del?.(fakeRequest({ ipam: null }, { args: 'FOO=1' })), undefined)
})

test('static STATUS is well when the configuration can be used, and says what is wrong with it', async () => {
  assert.equal(await staticIpam.status?.(fakeRequest({ ipam: { addresses } })), undefined)
  await assert.rejects(async () => staticIpam.status?.(fakeRequest({ ipam: { addresses: [{ address: 'x' }] } })), {
    message: "the 'address' field is expected to be in CIDR notation, got: 'x'",
  })
})
