import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { bridge } from '@patchbay/plugins/bridge'
import { hostLocal } from '@patchbay/plugins/host-local'
import { macvlan } from '@patchbay/plugins/macvlan'
import { ptp } from '@patchbay/plugins/ptp'
import { type PluginLab, withLab } from '../lab/plugin-lab.ts'
import { ip, type JsonObject, linkNames } from '../lab/witness.ts'

function network(context: TestContext) {
  const dataDir = mkdtempSync(join(tmpdir(), 'patchbay-again-'))
  context.after(() => rmSync(dataDir, { recursive: true }))
  const leases = () => readdirSync(join(dataDir, 'net1')).filter((name) => /^[0-9a-f]+[.:]/.test(name))
  return { ipam: { type: 'host-local', dataDir, ranges: [[{ subnet: '10.1.2.0/24' }]] }, leases }
}

const duplicate =
  'failed to allocate for range 0: 10.1.2.2 has been allocated to c1, duplicate allocation is not allowed'

const plugins = { bridge, ptp, macvlan }
const keys: Readonly<Record<string, JsonObject>> = { bridge: { bridge: 'br0' }, macvlan: { master: 'dummy0' } }

function prepare(lab: PluginLab): void {
  ip(lab.host, 'link', 'add', 'dummy0', 'type', 'veth', 'peer', 'name', 'dummy1')
  ip(lab.host, 'link', 'set', 'dummy0', 'up')
}

for (const [name, plugin] of Object.entries(plugins)) {
  test(`${name}: a second ADD fails, and the first one keeps its address and its lease`, (context) =>
    withLab(async (lab) => {
      const { ipam, leases } = network(context)
      prepare(lab)
      const config = { ...keys[name], ipam }
      await lab.add(plugin, config)
      const second = await lab.call(plugin, 'ADD', config)
      assert.equal(second.status, 1)
      assert.deepEqual(leases(), ['10.1.2.2'])
      assert.match(ip(lab.container, '-4', '-o', 'address', 'show', 'eth0'), /inet 10\.1\.2\.2\/24/)
      await lab.del(plugin, config)
      assert.deepEqual(leases(), [])
    }))

  test(`${name}: ADD again, after a crash left the lease alone, gives the same address`, (context) =>
    withLab(async (lab) => {
      const { ipam, leases } = network(context)
      prepare(lab)
      const config = { ...keys[name], ipam }
      await lab.add(hostLocal, config)
      const { ips } = await lab.add(plugin, config)
      assert.match(JSON.stringify(ips), /"10\.1\.2\.2\/24"/)
      assert.deepEqual(leases(), ['10.1.2.2'])
    }))
}

for (const [name, plugin] of Object.entries(plugins))
  test(`${name}: ADD for another namespace is refused while the first one has the address`, (context) =>
    withLab(async (lab) => {
      const { ipam, leases } = network(context)
      prepare(lab)
      const config = { ...keys[name], ipam }
      await lab.add(plugin, config)
      const names = linkNames(lab.host)
      const { status, document } = await lab.call(plugin, 'ADD', config, { container: lab.other })
      assert.deepEqual([status, document], [1, { code: 999, msg: duplicate }])
      assert.deepEqual([linkNames(lab.host), linkNames(lab.other), leases()], [names, ['lo'], ['10.1.2.2']])
      assert.match(ip(lab.container, '-4', '-o', 'address', 'show', 'eth0'), /inet 10\.1\.2\.2\/24/)
      // Without the interface the attachment is over, whatever its lease says.
      ip(lab.container, 'link', 'delete', 'eth0')
      const { ips } = await lab.add(plugin, config, { container: lab.other })
      assert.match(JSON.stringify(ips), /"10\.1\.2\.2\/24"/)
      assert.equal((await lab.call(plugin, 'ADD', config)).status, 1)
      await lab.del(plugin, config, { container: lab.other })
      assert.deepEqual(leases(), [])
    }))

test('host-local ADD for another namespace gives the address again when the first namespace is gone', (context) =>
  withLab(async (lab) => {
    const { ipam, leases } = network(context)
    const gone = { netns: '/run/netns/gone' }
    await lab.add(hostLocal, { ipam }, gone)
    assert.match(JSON.stringify(await lab.add(hostLocal, { ipam })), /10\.1\.2\.2/)
    assert.deepEqual(leases(), ['10.1.2.2'])
  }))

test('bridge without IPAM, or with static addresses, attaches an interface of that name in each namespace', () =>
  withLab(async (lab) => {
    const ipam = { type: 'static', addresses: [{ address: '10.1.2.9/24' }] }
    for (const config of [{}, { ipam }]) {
      await lab.add(bridge, config)
      await lab.add(bridge, config, { container: lab.other })
      assert.deepEqual([linkNames(lab.container), linkNames(lab.other)], Array(2).fill(['eth0', 'lo']))
      for (const container of [lab.container, lab.other]) await lab.del(bridge, config, { container })
      assert.deepEqual(linkNames(lab.host), ['cni0', 'lo'])
    }
  }))

test('host-local ADD again is refused in the words of the reference when the interface has the address', (context) =>
  withLab(async (lab) => {
    const { ipam, leases } = network(context)
    const given = await lab.add(hostLocal, { ipam })
    ip(lab.container, 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'peer0')
    assert.deepEqual(await lab.add(hostLocal, { ipam }), given, 'an interface without addresses is no attachment yet')
    ip(lab.container, 'address', 'add', '10.1.2.2/24', 'dev', 'eth0')
    const { status, document } = await lab.call(hostLocal, 'ADD', { ipam })
    assert.deepEqual([status, document], [1, { code: 999, msg: duplicate }])
    assert.deepEqual(leases(), ['10.1.2.2'])
    assert.deepEqual(linkNames(lab.container).includes('eth0'), true)
    const other = await lab.add(hostLocal, { ipam }, { ifName: 'peer0' })
    assert.match(JSON.stringify(other), /10\.1\.2\.3/)
  }))
