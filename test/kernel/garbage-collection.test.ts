import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { bridge } from '@patchbay/plugins/bridge'
import { macvlan } from '@patchbay/plugins/macvlan'
import { ptp } from '@patchbay/plugins/ptp'
import { type PluginLab, withLab } from '../lab/plugin-lab.ts'
import { hasLink, ip, ipJson, type JsonObject, linkNames, runIn } from '../lab/witness.ts'

const keys: Readonly<Record<string, JsonObject>> = { bridge: { bridge: 'br0' }, macvlan: { master: 'lan0' } }

function network(context: TestContext, name: string) {
  const dataDir = mkdtempSync(join(tmpdir(), 'patchbay-gc-'))
  context.after(() => rmSync(dataDir, { recursive: true }))
  const config = { ...keys[name], ipam: { type: 'host-local', dataDir, ranges: [[{ subnet: '10.1.2.0/24' }]] } }
  const leases = () => readdirSync(join(dataDir, 'net1')).filter((file) => /^10\./.test(file))
  return { config, leases }
}

function collect(lab: PluginLab, plugin: Parameters<PluginLab['call']>[0], config: JsonObject, alive: JsonObject[]) {
  return lab.call(plugin, 'GC', { ...config, 'cni.dev/valid-attachments': alive })
}

const c1: JsonObject = { containerID: 'c1', ifname: 'eth0' }
const c2: JsonObject = { containerID: 'c2', ifname: 'eth0' }

for (const [name, plugin] of Object.entries({ bridge, ptp, macvlan }))
  test(`${name}: GC reaches the IPAM plugin, and what it fails with is reported`, (context) =>
    withLab(async (lab) => {
      const { config, leases } = network(context, name)
      ip(lab.host, 'link', 'add', 'lan0', 'type', 'veth', 'peer', 'name', 'lan1')
      ip(lab.host, 'link', 'set', 'lan0', 'up')
      await lab.add(plugin, config)
      await lab.add(plugin, config, { container: lab.other, containerId: 'c2' })
      assert.equal((await lab.call(plugin, 'GC', config)).status, 0)
      assert.equal((await collect(lab, plugin, config, [c1, c2])).status, 0)
      assert.deepEqual(leases(), ['10.1.2.2', '10.1.2.3'])
      assert.equal((await collect(lab, plugin, config, [c2])).status, 0)
      assert.deepEqual(leases(), ['10.1.2.3'])
      const { status, document } = await collect(lab, plugin, { ...config, ipam: { type: 'absent' } }, [c2])
      assert.deepEqual([status, String(document['msg']).includes('absent')], [1, true])
    }))

test('GC deletes many pairs at once, and what a GC has left that was killed before it deleted them', (context) =>
  withLab(async (lab) => {
    const { config } = network(context, 'bridge')
    const other = { ...config, name: 'net2', bridge: 'br2' }
    for (const number of [1, 2, 3, 4]) await lab.add(bridge, config, { ifName: `eth${number}` })
    await lab.add(bridge, other, { container: lab.other, containerId: 'c9' })
    const pairs = () => linkNames(lab.host).filter((link) => /^veth/.test(link))
    assert.equal(pairs().length, 5)
    const alive = (...names: string[]) => names.map((ifname) => ({ containerID: 'c1', ifname }))
    assert.equal((await collect(lab, bridge, config, alive('eth1'))).status, 0)
    assert.equal(pairs().length, 2)
    assert.equal(hasLink(lab.container, 'eth1'), true)
    // The group of links that are being deleted follows from that of the network.
    const port = ipJson(lab.host, 'link', 'show', 'master', 'br0')[0]
    ip(lab.host, 'link', 'set', 'dev', String(port?.['ifname']), 'group', String(Number(port?.['group']) + 0x40000000))
    assert.equal((await collect(lab, bridge, config, alive('eth1'))).status, 0)
    assert.equal(pairs().length, 1)
    assert.equal((await collect(lab, bridge, other, [])).status, 0)
    assert.deepEqual(pairs(), [])
  }))

for (const [name, plugin] of Object.entries({ bridge, ptp }))
  test(`${name}: GC deletes pairs of attachments that are gone, and no others`, (context) =>
    withLab(async (lab) => {
      const { config } = network(context, name)
      const elsewhere = { ...config, name: 'net2', ...(name === 'bridge' && { bridge: 'br2' }) }
      // What others have made: not even a name of ours makes it one of ours.
      ip(lab.host, 'link', 'add', 'veth0', 'type', 'veth', 'peer', 'name', 'veth12345678')
      const { interfaces = [] } = await lab.add(plugin, config)
      const own = (interfaces as JsonObject[]).map((each) => String(each['name'])).find((each) => /^veth/.test(each))
      await lab.del(plugin, config)
      // The first name that would be tried is taken.
      ip(lab.host, 'link', 'add', String(own), 'type', 'bridge')
      await lab.add(plugin, config)
      await lab.add(plugin, elsewhere, { container: lab.other, containerId: 'c2', ifName: 'eth2' })
      await lab.add(plugin, config, { container: lab.other, containerId: 'c2' })
      assert.equal((await collect(lab, plugin, config, [c1, c2])).status, 0)
      assert.deepEqual([hasLink(lab.container, 'eth0'), hasLink(lab.other, 'eth0')], [true, true])
      assert.equal((await collect(lab, plugin, config, [c1])).status, 0)
      assert.deepEqual([hasLink(lab.container, 'eth0'), hasLink(lab.other, 'eth0')], [true, false])
      assert.equal((await collect(lab, plugin, config, [])).status, 0)
      assert.deepEqual([linkNames(lab.container), linkNames(lab.other)], [['lo'], ['eth2', 'lo']])
      assert.equal(
        ['veth0', 'veth12345678', String(own)].every((each) => hasLink(lab.host, each)),
        true,
      )
    }))

for (const [name, plugin] of Object.entries({ bridge, ptp }))
  for (const ipMasqBackend of ['nftables', 'iptables'])
    test(`${name}: GC takes rules by ${ipMasqBackend} back that the network has asked for, and does not any more`, (context) =>
      withLab(async (lab) => {
        const { config } = network(context, name)
        const asking = { ...config, ipMasq: true, ipMasqBackend, ...(name === 'bridge' && { macspoofchk: true }) }
        const told = await lab.add(plugin, asking)
        await lab.add(plugin, asking, { container: lab.other, containerId: 'c2' })
        const rules = (id: string) =>
          runIn(lab.host, 'sh', '-c', 'nft list ruleset; iptables-save').match(RegExp(`id: \\W*${id}\\b|-${id}-`))
        await lab.del(plugin, { ...config, prevResult: told })
        assert.equal((await collect(lab, plugin, config, [c2])).status, 0)
        assert.equal(rules('c1'), null)
        assert.notEqual(rules('c2'), null)
        assert.equal((await collect(lab, plugin, config, [])).status, 0)
        assert.equal(rules('c2'), null)
      }))
