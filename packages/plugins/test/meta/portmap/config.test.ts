import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from '@patchbay/cni/json'
import { checkMappings, hostAddress, isForVersion, loadPortmapConfig } from '../../../src/meta/portmap/config.ts'
import { connectionsTo, portsOf } from '../../../src/meta/portmap/forget-connections.ts'
import { entryRules } from '../../../src/meta/portmap/iptables-rules.ts'
import { fakeRequest } from '../../fake-request.ts'

const web = { hostPort: 8080, containerPort: 80, protocol: 'tcp', hostIP: '' }

function load(config: JsonObject) {
  return loadPortmapConfig(fakeRequest(config))
}

test('loadPortmapConfig() knows the defaults', () => {
  const { snat, masqAll, backend, mappings, conditions, markBit, externalSetMarkChain, prevResult } = load({})
  assert.deepEqual(
    [snat, masqAll, backend, mappings, markBit, externalSetMarkChain, prevResult],
    [...[true, false, undefined, [], 13, '', undefined]],
  )
  assert.deepEqual(conditions, { 4: [], 6: [] })
})

test('loadPortmapConfig() takes null for what is not said', () => {
  const config = load({ snat: null, markMasqBit: null, backend: null, externalSetMarkChain: null, conditionsV4: null })
  assert.deepEqual(
    [config.snat, config.markBit, config.backend, config.externalSetMarkChain],
    [true, 13, undefined, ''],
  )
  assert.throws(() => load({ runtimeConfig: { portMappings: [null] } }), {
    message: 'Invalid container port number: 0',
  })
})

test('checkMappings() takes ports up to 65535, and nothing that redirects nothing', () => {
  checkMappings([{ ...web, hostPort: 65535, containerPort: 65535, hostIP: '::' }])
  for (const wrong of [{ hostPort: 65536 }, { containerPort: 65536 }, { protocol: '' }, { hostIP: 'x' }])
    assert.throws(() => checkMappings([web, { ...web, ...wrong }]), RangeError)
})

test('isForVersion() follows the address of the host, and IPv4 in IPv6 is IPv4', () => {
  const versions = (hostIP: string) => ([4, 6] as const).filter((version) => isForVersion({ ...web, hostIP }, version))
  assert.deepEqual(['', '0.0.0.0', '::', '::ffff:10.0.0.1'].map(versions), [[4, 6], [4], [6], [4]])
  assert.equal(String(hostAddress({ ...web, hostIP: '::ffff:10.0.0.1' })), '10.0.0.1')
})

test('entryRules() names at most 15 ports in a rule', () => {
  for (const [count, rules] of [
    [0, 0],
    [15, 1],
    [16, 2],
    [31, 3],
  ]) {
    const portMappings = Array.from({ length: count ?? 0 }, (_, index) => ({ ...web, hostPort: 1 + index }))
    const config = load({ runtimeConfig: { portMappings } })
    const entries = entryRules(config, { name: 'net1', containerId: 'c1' }, 4)
    assert.equal(entries.length, rules)
    assert.equal(entries.flatMap((rule) => rule[rule.indexOf('--destination-ports') + 1]?.split(',')).length, count)
  }
})

test('connectionsTo() picks UDP, by address where one was given', () => {
  const udp = { ...web, protocol: 'udp' }
  const filters = connectionsTo(portsOf([web, udp, { ...udp, hostIP: '10.0.0.1' }, { ...udp, hostIP: '::' }], [4, 6]))
  assert.deepEqual(
    filters.map(({ family, originalDestination, originalDestinationPort }) => [
      ...[family, originalDestination?.toString(), originalDestinationPort],
    ]),
    [
      [4, undefined, 8080],
      [4, '10.0.0.1', 8080],
      [6, undefined, 8080],
      [6, undefined, 8080],
    ],
  )
})
