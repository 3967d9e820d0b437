import assert from 'node:assert/strict'
import { test } from 'node:test'
import { networkListFromBytes } from '@patchbay/cni/config'
import { misspeltKeys } from '../../../src/cli/cnitool/misspelt-keys.ts'

async function warningsOf(...plugins: readonly object[]): Promise<string[]> {
  return misspeltKeys(networkListFromBytes(JSON.stringify({ name: 'net', cniVersion: '1.1.0', plugins })))
}

test('misspeltKeys() names the key that was meant, of every plugin of ours and its IPAM plugin', async () => {
  const cases = [
    [{ type: 'bridge', brdige: 'web9' }, 'brdige', 'bridge', 'bridge'],
    [{ type: 'bridge', isDefaultGatewy: true }, 'isDefaultGatewy', 'bridge', 'isDefaultGateway'],
    [{ type: 'bridge', 'is-gateway': true }, 'is-gateway', 'bridge', 'isGateway'],
    [{ type: 'ptp', ipMsq: true }, 'ipMsq', 'ptp', 'ipMasq'],
    [{ type: 'macvlan', mastr: 'eth0' }, 'mastr', 'macvlan', 'master'],
    [{ type: 'portmap', sant: true }, 'sant', 'portmap', 'snat'],
    [{ type: 'firewall', bakend: 'nftables' }, 'bakend', 'firewall', 'backend'],
    [
      { type: 'ptp', ipam: { type: 'host-local', subnett: '10.0.0.0/24' } },
      'ipam.subnett',
      'host-local',
      'ipam.subnet',
    ],
    [{ type: 'own', ipam: { type: 'static', adresses: [] } }, 'ipam.adresses', 'static', 'ipam.addresses'],
  ] as const
  for (const [plugin, key, type, meant] of cases)
    assert.deepEqual(await warningsOf(plugin), [
      `Cannot use key "${key}": plugin "${type}" does not know it and passes it over; write "${meant}"`,
    ])
})

test('misspeltKeys() has nothing to say of keys in another case, of others, and of those that are like none', async () => {
  const ipam = { type: 'host-local', ranges: [], subnet: '10.0.0.0/24', subnets: 'of a vendor, beside the real one' }
  assert.deepEqual(
    await warningsOf(
      { type: 'bridge', BRIDGE: 'cni0', isgateway: true, dns: {}, 'example.com/bridge': 1, comment: '', kind: 1, ipam },
      { type: 'own', brdige: 1, ipam: { type: 'whereabouts', subnett: 1 } },
      { type: 'loopback', anything: 1 },
    ),
    [],
  )
})
