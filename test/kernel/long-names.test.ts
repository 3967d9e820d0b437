import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bridge } from '@patchbay/plugins/bridge'
import { portmap } from '@patchbay/plugins/portmap'
import { bridgeConfig } from '../lab/packet-lab.ts'
import { withLab } from '../lab/plugin-lab.ts'
import { mapping, port, resultOf } from '../lab/portmap-lab.ts'
import { type JsonObject, runIn } from '../lab/witness.ts'

/** Names that no comment has room for, and that differ only behind what it has room for. */
const names: readonly [network: string, containerId: string][] = [
  ['net1', `${'c'.repeat(400)}1`],
  ['net1', `${'c'.repeat(400)}2`],
  [`${'n'.repeat(400)}1`, 'c3'],
  [`${'n'.repeat(400)}2`, `${'c'.repeat(400)}3`],
]

for (const backend of ['nftables', 'iptables']) {
  test(`portmap by ${backend}: long names are told apart by ADD, CHECK, DEL and GC`, () =>
    withLab(async (lab) => {
      const calls = names.map(([name, containerId], index) => {
        const prevResult = { cniVersion: '1.1.0', ips: [{ address: `10.1.2.${index + 2}/24` }] }
        return { config: { ...mapping(prevResult, [port(8000 + index)], { backend }), name }, options: { containerId } }
      })
      const ports = () => {
        const rules = ['nft list ruleset', 'iptables-save -t nat'].map((words) => runIn(lab.host, 'bash', '-c', words))
        return [8000, 8001, 8002, 8003].filter((each) => new RegExp(`(dport|tcp .) ${each} `).test(rules.join('')))
      }
      for (const { config, options } of calls) await lab.add(portmap, config, options)
      for (const { config, options } of calls)
        assert.equal((await lab.call(portmap, 'CHECK', config, options)).status, 0)
      assert.deepEqual(ports(), [8000, 8001, 8002, 8003])
      const taken = { ...mapping(resultOf('other'), [port(8003)], { backend }), name: 'net1' }
      assert.equal((await lab.call(portmap, 'ADD', taken, { containerId: 'c4' })).status, 1)
      const collect = (name: string, alive: JsonObject[]) =>
        lab.call(portmap, 'GC', { backend, name, 'cni.dev/valid-attachments': alive })
      await collect('net1', [{ containerID: names[1]?.[1] ?? '', ifname: 'eth0' }])
      assert.deepEqual(ports(), [8001, 8002, 8003])
      await collect(names[2]?.[0] ?? '', [])
      assert.deepEqual(ports(), [8001, 8003])
      for (const { config, options } of calls) await lab.del(portmap, { ...config, prevResult: null }, options)
      assert.deepEqual(ports(), [])
    }))

  test(`masquerade by ${backend}: long names are told apart by ADD, CHECK, DEL and GC`, () =>
    withLab(async (lab) => {
      const shared = { ...bridgeConfig, ipMasq: true, ipMasqBackend: backend }
      const calls = names.slice(0, 2).map(([name, containerId], index) => ({
        config: { ...shared, name },
        options: { containerId, container: index === 0 ? lab.container : lab.other },
      }))
      const masqueraded = () => {
        const rules = ['nft list ruleset', 'iptables-save -t nat'].map((words) => runIn(lab.host, 'bash', '-c', words))
        return ['10.1.2.2', '10.1.2.3'].filter((address) => rules.join('').includes(address))
      }
      const added: JsonObject[] = []
      for (const [index, { config, options }] of calls.entries()) {
        lab.ipam = { cniVersion: '1.1.0', ips: [{ address: `10.1.2.${index + 2}/24`, gateway: '10.1.2.1' }] }
        const prevResult = await lab.add(bridge, config, options)
        added.push({ ...config, prevResult })
      }
      for (const [index, { options }] of calls.entries())
        assert.equal((await lab.call(bridge, 'CHECK', added[index] ?? {}, options)).status, 0)
      assert.deepEqual(masqueraded(), ['10.1.2.2', '10.1.2.3'])
      const alive = [{ containerID: names[1]?.[1] ?? '', ifname: 'eth0' }]
      await lab.call(bridge, 'GC', { ...shared, 'cni.dev/valid-attachments': alive })
      assert.deepEqual(masqueraded(), ['10.1.2.3'])
      for (const { config, options } of calls) await lab.del(bridge, config, options)
      assert.deepEqual(masqueraded(), [])
    }))
}
