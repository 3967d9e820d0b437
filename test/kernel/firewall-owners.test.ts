import assert from 'node:assert/strict'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { firewall, firewallBy } from '@patchbay/plugins/firewall'
import type { TestNamespace } from '../lab/namespace-fixture.ts'
import { withLab } from '../lab/plugin-lab.ts'
import { type JsonObject, runIn } from '../lab/witness.ts'

const iptables: JsonObject = { backend: 'iptables' }

function attached(...addresses: string[]): JsonObject {
  return { cniVersion: '1.1.0', ips: addresses.map((address) => ({ address })) }
}

const prevResult = attached('10.1.2.2/24', 'fd00:1:2::2/64')
const valid = (...containerIds: string[]): JsonObject => ({
  'cni.dev/valid-attachments': containerIds.map((containerID) => ({ containerID, ifname: 'eth0' })),
})

/** The rules that accept something for addresses, of both IP versions. */
function accepting(host: TestNamespace): string[] {
  const lines = ['iptables-save', 'ip6tables-save'].flatMap((tool) => runIn(host, tool, '-t', 'filter').split('\n'))
  return lines.filter((line) => line.startsWith('-A') && line.endsWith('-j ACCEPT'))
}

/** All that filters packets, whoever has made it. */
function filters(host: TestNamespace): string {
  return ['nft list ruleset', 'iptables-save -t filter', 'ip6tables-save -t filter']
    .map((words) => runIn(host, 'sh', '-c', words))
    .join('')
}

test('firewall by iptables: DEL without a result takes the rules of its container away, and no others', () =>
  withLab(async (lab) => {
    await lab.add(firewall, { ...iptables, prevResult }, { containerId: 'killed' })
    await lab.add(firewall, { ...iptables, prevResult: attached('10.1.2.3/24') }, { containerId: 'other' })
    assert.equal(accepting(lab.host).length, 9)
    await lab.del(firewall, {}, { containerId: 'killed' })
    const left = accepting(lab.host)
    assert.equal(left.length, 3)
    for (const line of left) assert.match(line, /10\.1\.2\.3\/32/)
  }))

test('firewall by iptables: GC takes away the rules of containers that are gone', () =>
  withLab(async (lab) => {
    await lab.add(firewall, { ...iptables, prevResult }, { containerId: 'killed' })
    await lab.add(firewall, { ...iptables, prevResult: attached('10.1.2.3/24') }, { containerId: 'alive' })
    const elsewhere = { ...iptables, name: 'net2', prevResult: attached('10.2.2.2/24') }
    await lab.add(firewall, elsewhere, { containerId: 'elsewhere' })
    const { status } = await lab.call(firewall, 'GC', valid('alive'))
    assert.equal(status, 0)
    const left = accepting(lab.host)
    assert.equal(left.length, 6)
    for (const line of left) assert.match(line, /10\.1\.2\.3\/32|10\.2\.2\.2\/32/)
  }))

for (const [how, keys] of Object.entries({ 'with its result': { prevResult }, 'without its result': {} }))
  test(`firewall by iptables: DEL ${how} leaves the rules of an address that another container has by now`, () =>
    withLab(async (lab) => {
      await lab.add(firewall, { ...iptables, prevResult }, { containerId: 'first' })
      await lab.add(firewall, { ...iptables, prevResult }, { containerId: 'second' })
      const before = accepting(lab.host)
      assert.equal(before.length, 6)
      await lab.del(firewall, { ...iptables, ...keys }, { containerId: 'first' })
      assert.deepEqual(accepting(lab.host), before)
      await lab.del(firewall, { ...iptables, prevResult }, { containerId: 'second' })
      assert.deepEqual(accepting(lab.host), [])
    }))

test('firewall by iptables: GC leaves the rules of an address that the reference has given to another container', () =>
  withLab(async (lab) => {
    await lab.add(firewall, { ...iptables, prevResult }, { containerId: 'first' })
    // What the reference leaves after its DEL of the first container and its ADD of the second one.
    mkdirSync('/var/lib/cni/results', { recursive: true })
    const entry = { kind: 'cniCacheV1', containerId: 'second', ifName: 'eth0', networkName: 'net1', config: '' }
    const file = '/var/lib/cni/results/net1-second-eth0'
    writeFileSync(file, JSON.stringify({ ...entry, result: prevResult }))
    await lab.call(firewall, 'GC', valid('second'))
    rmSync(file)
    const left = accepting(lab.host)
    assert.equal(left.length, 4)
    for (const line of left) assert.match(line, /^-A CNI-FORWARD /)
    assert.doesNotMatch(runIn(lab.host, 'iptables', '-S', 'CNI-PUBLISHED'), /ACCEPT/)
  }))

const interfaces: JsonObject[] = [{ name: 'cni0' }, { name: 'veth1' }]

for (const keys of [{ backend: 'nftables' }, { backend: 'nftables', ingressPolicy: 'isolated' }, iptables]) {
  const how = Object.values(keys).join(', ')

  test(`firewall by ${how}: ADD again with other addresses leaves nothing of the earlier ones`, () =>
    withLab(async (lab) => {
      const other = { ...attached('10.1.2.3/24', 'fd00:1:2::3/64'), interfaces }
      await lab.add(firewall, { ...keys, prevResult: other }, { containerId: 'other' })
      const again = [attached('10.1.2.2/24', 'fd00:1:2::2/64'), attached('10.1.2.4/24', 'fd00:1:2::4/64')]
      for (const each of again)
        await lab.add(firewall, { ...keys, prevResult: { ...each, interfaces: [{ name: 'cni1' }, { name: 'veth2' }] } })
      assert.doesNotMatch(filters(lab.host), /10\.1\.2\.2\b|fd00:1:2::2\b/)
      assert.match(filters(lab.host), /10\.1\.2\.4\b[\s\S]*fd00:1:2::4\b/)
      await lab.del(firewall, { ...keys, prevResult: again[0] ?? {} })
      assert.doesNotMatch(filters(lab.host), /10\.1\.2\.4\b|fd00:1:2::4\b|veth2|firewall-bridge-cni1/)
      assert.match(filters(lab.host), /10\.1\.2\.3\b[\s\S]*fd00:1:2::3\b/)
    }))

  test(`firewall by ${how}: DEL takes all of the container away, whatever addresses the runtime tells`, () =>
    withLab(async (lab) => {
      for (const told of [['10.1.2.2/24'], ['fd00:1:2::2/64'], ['10.1.2.9/24'], []]) {
        await lab.add(firewall, { ...keys, prevResult: { ...prevResult, interfaces } })
        await lab.del(firewall, { ...keys, prevResult: attached(...told) })
        assert.doesNotMatch(filters(lab.host), /10\.1\.2\.2\b|fd00:1:2::2\b|veth1|firewall-bridge-cni0/, String(told))
      }
    }))
}

test('firewall: a container that has left its bridge no longer keeps the policy of the bridge', () =>
  withLab(async (lab) => {
    const isolated = { backend: 'nftables', ingressPolicy: 'isolated', prevResult: { ...prevResult, interfaces } }
    await lab.add(firewall, isolated)
    await lab.add(firewall, { ...isolated, prevResult: { ...prevResult, interfaces: [{ name: 'cni1' }] } })
    assert.doesNotMatch(filters(lab.host), /cni0|veth1/)
    await lab.add(firewall, { backend: 'nftables', prevResult })
    assert.doesNotMatch(filters(lab.host), /cni1/)
  }))

test('firewall: sources of firewalld go with ADD again and with DEL, whatever addresses the runtime tells', () =>
  withLab(async (lab) => {
    const sources = new Set<string>()
    const change = (what: 'add' | 'delete') => async (all: readonly { address: unknown }[]) => {
      for (const { address } of all) sources[what](String(address))
    }
    const backend = { add: change('add'), del: change('delete'), check: async () => {} }
    const plugin = firewallBy(async () => backend)
    await lab.add(plugin, { prevResult: attached('10.1.2.3/24') }, { containerId: 'other' })
    await lab.add(plugin, { prevResult })
    await lab.add(plugin, { prevResult: attached('10.1.2.4/24', 'fd00:1:2::4/64') })
    assert.deepEqual([...sources].sort(), ['10.1.2.3', '10.1.2.4', 'fd00:1:2::4'])
    await lab.del(plugin, { prevResult: attached('10.1.2.4/24') })
    assert.deepEqual([...sources], ['10.1.2.3'])
    // An address that somebody else has by now stays.
    await lab.add(plugin, { prevResult })
    await lab.add(plugin, { prevResult: attached('10.1.2.2/24') }, { containerId: 'next' })
    await lab.del(plugin, { prevResult: attached('10.1.2.9/24') })
    assert.deepEqual([...sources].sort(), ['10.1.2.2', '10.1.2.3'])
  }))

test('firewall: GC and DEL without a result start no program where iptables has nothing of ours', () =>
  withLab(async (lab) => {
    await lab.add(firewall, { backend: 'nftables', prevResult })
    lab.env = { PATH: '/nowhere' }
    assert.equal((await lab.call(firewall, 'GC', valid())).stderr, '')
    await lab.del(firewall, {})
    assert.equal(
      runIn(lab.host, 'nft', 'list', 'set', 'inet', 'patchbay', 'firewall-addresses4').includes('10.1'),
      false,
    )
  }))
