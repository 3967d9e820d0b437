import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Plugin } from '@patchbay/cni/plugin'
import { bridge } from '@patchbay/plugins/bridge'
import { loopback } from '@patchbay/plugins/loopback'
import { macvlan } from '@patchbay/plugins/macvlan'
import { portmap } from '@patchbay/plugins/portmap'
import { ptp } from '@patchbay/plugins/ptp'
import { type PluginLab, withLab } from '../lab/plugin-lab.ts'
import { ip, type JsonObject, linkNames } from '../lab/witness.ts'

const withoutAddresses: JsonObject = { cniVersion: '0.2.0', dns: {} }
const noAddress = 'cannot convert: no valid IP addresses'

/** Links on both sides, as a third party sees them. */
function links(lab: PluginLab): string[] {
  return [...linkNames(lab.host), ...linkNames(lab.container)]
}

function connect(lab: PluginLab): void {
  ip(lab.host, 'link', 'add', 'net0', 'type', 'veth', 'peer', 'name', 'far0')
}

for (const cniVersion of ['0.1.0', '0.2.0'])
  for (const { plugin, keys, msg } of [
    { plugin: bridge, keys: { bridge: 'cni0' }, msg: noAddress },
    { plugin: macvlan, keys: { master: 'net0' }, msg: noAddress },
    { plugin: ptp, keys: {}, msg: 'no plugin name provided' },
  ])
    test(`${plugin.name} ADD without IPAM in version ${cniVersion} fails before anything is made`, () =>
      withLab(async (lab) => {
        connect(lab)
        const before = links(lab)
        for (const prevResult of [undefined, withoutAddresses, { cniVersion, ip4: { ip: '10.1.2.3/24' } }]) {
          const chained = prevResult === undefined ? {} : { prevResult }
          const { status, document } = await lab.call(plugin, 'ADD', { cniVersion, ...keys, ...chained })
          assert.deepEqual([status, document['msg'], links(lab)], [1, msg, before])
        }
      }))

const chained: readonly { plugin: Plugin; keys: JsonObject }[] = [
  { plugin: loopback, keys: {} },
  { plugin: portmap, keys: {} },
  {
    plugin: portmap,
    keys: { runtimeConfig: { portMappings: [{ hostPort: 8080, containerPort: 80, protocol: 'tcp' }] } },
  },
]

for (const { plugin, keys } of chained)
  test(`${plugin.name} ADD in version 0.2.0 hands on a result without addresses${keys['runtimeConfig'] ? ' and with ports' : ''}`, () =>
    withLab(async (lab) => {
      const config = { cniVersion: '0.2.0', ...keys, prevResult: withoutAddresses }
      assert.deepEqual(await lab.add(plugin, config), withoutAddresses)
    }))

test('bridge ADD with IPAM in version 0.2.0 tells its addresses', () =>
  withLab(async (lab) => {
    const config = { cniVersion: '0.2.0', bridge: 'cni0', ipam: { type: 'ipam' } }
    assert.deepEqual((await lab.add(bridge, config))['ip4'], { ip: '10.1.2.3/24', gateway: '10.1.2.1' })
  }))
