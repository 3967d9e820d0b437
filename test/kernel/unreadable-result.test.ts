import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Plugin } from '@patchbay/cni/plugin'
import { bridge } from '@patchbay/plugins/bridge'
import { firewall } from '@patchbay/plugins/firewall'
import { portmap } from '@patchbay/plugins/portmap'
import { withLab } from '../lab/plugin-lab.ts'
import { type JsonObject, runIn } from '../lab/witness.ts'

const unreadable: JsonObject[] = [
  { cniVersion: '1.1.0', ips: [{ address: 'zzz' }] },
  { cniVersion: '1.1.0', ips: [null] },
  { cniVersion: '1.1.0', interfaces: [null] },
  { cniVersion: '0.4.0', ips: [{ version: '4', address: '10.1.2.3/24' }] },
]

for (const backend of ['nftables', 'iptables'])
  test(`DEL by ${backend} takes all back when the runtime tells a result that nobody can read`, () =>
    withLab(async (lab) => {
      const owned = () =>
        runIn(lab.host, 'sh', '-c', 'nft list ruleset; iptables-save; ip6tables-save')
          .split('\n')
          .filter((line) => /10\.1\.2\.3|CNI-DN-|CNI-[0-9a-f]{24}/.test(line))
      const portMappings = [{ hostPort: 8080, containerPort: 80, protocol: 'tcp' }]
      const chain: [Plugin, JsonObject][] = [
        [bridge, { isGateway: true, ipMasq: true, ipMasqBackend: backend, ipam: { type: 'ipam' } }],
        [portmap, { backend, runtimeConfig: { portMappings } }],
        [firewall, { backend }],
      ]
      for (const prevResult of unreadable) {
        let told: JsonObject = {}
        for (const [plugin, config] of chain) told = { prevResult: await lab.add(plugin, { ...config, ...told }) }
        assert.notDeepEqual(owned(), [])
        for (const [plugin, config] of chain.toReversed()) await lab.del(plugin, { ...config, prevResult })
        assert.deepEqual(owned(), [], JSON.stringify(prevResult))
      }
    }))
