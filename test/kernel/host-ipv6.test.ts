import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bridge } from '@patchbay/plugins/bridge'
import { ptp } from '@patchbay/plugins/ptp'
import { type PluginLab, withLab } from '../lab/plugin-lab.ts'
import { ip, ipJsonOne, type JsonObject, linkNames } from '../lab/witness.ts'

const ipam = { type: 'ipam' }
const ipv4: JsonObject = { cniVersion: '1.1.0', ips: [{ address: '10.1.2.3/24', gateway: '10.1.2.1' }] }
const ipv6: JsonObject = { cniVersion: '1.1.0', ips: [{ address: 'fd00::3/64', gateway: 'fd00::1' }] }

/** What the kernel has for IPv6 on the host's end of a pair that is up. */
function ipv6OfHostEnd({ host }: PluginLab): string[] {
  const end = linkNames(host).find((name) => name.startsWith('veth')) ?? ''
  assert.ok(String(ipJsonOne(host, 'link', 'show', end)['flags']).includes('UP'))
  const lines = [
    ['address', 'show', 'dev', end],
    ['route', 'show', 'table', 'all', 'dev', end],
  ].map((args) => ip(host, '-6', '-o', ...args).trim())
  return lines.filter((line) => line !== '')
}

for (const { plugin, config, result } of [
  { plugin: bridge, config: { bridge: 'cni0', isGateway: true, ipam }, result: ipv4 },
  { plugin: bridge, config: { bridge: 'cni0', isGateway: true, ipam }, result: ipv6 },
  { plugin: bridge, config: { bridge: 'cni0' }, result: ipv4 },
  { plugin: ptp, config: { ipam }, result: ipv4 },
])
  test(`${plugin.name} ADD: the host speaks no IPv6 on its end of a pair ${JSON.stringify({ ...config, ips: result['ips'] })}`, () =>
    withLab(async (lab) => {
      lab.ipam = result
      await lab.add(plugin, config)
      assert.deepEqual(ipv6OfHostEnd(lab), [])
    }))

test('ptp ADD: the host speaks IPv6 on its end of a pair that has an IPv6 address', () =>
  withLab(async (lab) => {
    lab.ipam = ipv6
    await lab.add(ptp, { ipam })
    const [addresses = '', routes = ''] = ipv6OfHostEnd(lab)
    assert.match(addresses, /fd00::1\/128[\s\S]*fe80::/)
    assert.match(routes, /fd00::3 [\s\S]*ff00::\/8/)
  }))
