import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseIP } from '@patchbay/address'
import type { Plugin } from '@patchbay/cni/plugin'
import { ping } from '@patchbay/linux/packet'
import { bridge } from '@patchbay/plugins/bridge'
import { macvlan } from '@patchbay/plugins/macvlan'
import { ptp } from '@patchbay/plugins/ptp'
import { eventually, type TestNamespace } from '../lab/namespace-fixture.ts'
import { type PluginLab, withLab } from '../lab/plugin-lab.ts'
import { ip, ipJson, type JsonObject, runIn } from '../lab/witness.ts'

const ipam = { type: 'ipam' }
const bridgeConfig: JsonObject = { bridge: 'cni0', isGateway: true, ipam }
/** An address of the host that a container reaches by its gateway. */
const outside = '2001:db8::1'

function answer(gateway: string): JsonObject {
  return { cniVersion: '1.1.0', ips: [{ address: 'fd00::3/64', gateway }], routes: [{ dst: '::/0' }] }
}

/** How often a namespace has asked for the hardware address of a neighbour, or for duplicates of its own address. */
function solicitations(place: TestNamespace): number {
  return Number(/^Icmp6OutNeighborSolicits\s+(\d+)$/m.exec(runIn(place, 'cat', '/proc/net/snmp6'))?.[1])
}

function tentative(place: TestNamespace): string {
  return ip(place, '-6', '-o', 'address', 'show', 'tentative', '-dadfailed').trim()
}

function sysctlsOf(host: TestNamespace, name: string): Record<string, string> {
  const read = (key: string) => runIn(host, 'cat', `/proc/sys/net/ipv6/conf/${name}/${key}`).trim()
  return { accept_dad: read('accept_dad'), optimistic_dad: read('optimistic_dad') }
}

/** A bridge that is there, with a port and addresses that have been found to be nobody else's. */
async function makeBridge({ host }: PluginLab): Promise<void> {
  ip(host, 'link', 'add', 'cni0', 'type', 'bridge')
  ip(host, 'link', 'add', 'port0', 'type', 'veth', 'peer', 'name', 'far0')
  ip(host, 'link', 'set', 'port0', 'master', 'cni0')
  for (const name of ['cni0', 'port0', 'far0']) ip(host, 'link', 'set', name, 'up')
  await eventually(() => ip(host, '-6', '-o', 'address', 'show', 'dev', 'cni0', '-tentative') !== '', 'the bridge')
}

/** The host as the router of a network that macvlan puts containers on. */
function makeNetwork({ host }: PluginLab): void {
  ip(host, 'link', 'add', 'net0', 'type', 'veth', 'peer', 'name', 'far0')
  ip(host, 'address', 'add', 'fd00::1/64', 'dev', 'far0', 'nodad')
  for (const name of ['net0', 'far0']) ip(host, 'link', 'set', name, 'up')
}

interface Case {
  plugin: Plugin
  config: JsonObject
  gateway: string
  prepare?: (lab: PluginLab) => Promise<void> | void
  /** What the container looks for duplicates of. */
  probes: number
}
const cases: Record<string, Case> = {
  'bridge, a new bridge': { plugin: bridge, config: bridgeConfig, gateway: 'fd00::1', probes: 0 },
  'bridge, a new bridge with a link-local gateway': {
    plugin: bridge,
    config: bridgeConfig,
    gateway: 'fe80::1',
    probes: 0,
  },
  'bridge, a bridge with another port': {
    plugin: bridge,
    config: bridgeConfig,
    gateway: 'fd00::1',
    prepare: makeBridge,
    probes: 0,
  },
  ptp: { plugin: ptp, config: { ipam }, gateway: 'fd00::1', probes: 0 },
  'ptp, a link-local gateway': { plugin: ptp, config: { ipam }, gateway: 'fe80::1', probes: 0 },
  macvlan: {
    plugin: macvlan,
    config: { master: 'net0', ipam },
    gateway: 'fd00::1',
    prepare: makeNetwork,
    probes: 1,
  },
}

for (const [what, { plugin, config, gateway, prepare, probes }] of Object.entries(cases))
  test(`the first question for the gateway is answered: ${what}`, () =>
    withLab(async (lab) => {
      ip(lab.host, 'link', 'set', 'lo', 'up')
      ip(lab.host, 'address', 'add', `${outside}/128`, 'dev', 'lo')
      await prepare?.(lab)
      lab.ipam = answer(gateway)
      await lab.add(plugin, config)
      // Unanswered questions are repeated after a second each.
      await ping({ netns: lab.container.netns, to: parseIP(outside), timeoutMs: 5000 })
      assert.ok(solicitations(lab.container) <= probes + 1, `${solicitations(lab.container)}`)
    }))

test('bridge ADD: the host asks the first question for a container of a new bridge at once', () =>
  withLab(async (lab) => {
    lab.ipam = answer('fd00::1')
    await lab.add(bridge, bridgeConfig)
    assert.equal(tentative(lab.host), '')
    await ping({ netns: lab.host.netns, to: parseIP('fd00::3'), timeoutMs: 5000 })
    assert.ok(solicitations(lab.host) <= 1, `${solicitations(lab.host)}`)
  }))

test('bridge ADD looks for duplicates of its gateway on a bridge with another port, and leaves its settings', () =>
  withLab(async (lab) => {
    await makeBridge(lab)
    const before = sysctlsOf(lab.host, 'cni0')
    lab.ipam = answer('fd00::1')
    await lab.add(bridge, bridgeConfig)
    assert.match(tentative(lab.host), /cni0 +inet6 fd00::1\/64 scope global optimistic/)
    assert.deepEqual(sysctlsOf(lab.host, 'cni0'), before)
    await eventually(() => tentative(lab.host) === '', 'the end of the look for duplicates')
  }))

for (const { plugin, config } of [
  { plugin: bridge, config: bridgeConfig },
  { plugin: ptp, config: { ipam } },
])
  test(`${plugin.name} ADD: no address of the host is tentative on a link that nobody else is on`, () =>
    withLab(async (lab) => {
      lab.ipam = answer('fd00::1')
      await lab.add(plugin, config)
      assert.equal(tentative(lab.host), '')
      assert.equal(tentative(lab.container), '')
    }))

test('ptp ADD returns when the host can send by its end of the pair', () =>
  withLab(async (lab) => {
    await lab.add(ptp, { ipam })
    const ends = ipJson(lab.host, 'link', 'show', 'type', 'veth').map(({ operstate }) => operstate)
    assert.deepEqual(ends, ['UP'])
  }))

test('macvlan ADD looks for duplicates while the address is used, and keeps the settings of the interface', () =>
  withLab(async (lab) => {
    makeNetwork(lab)
    lab.ipam = answer('fd00::1')
    await lab.add(macvlan, { master: 'net0', ipam })
    assert.match(tentative(lab.container), /^\d+: eth0 +inet6 fd00::3\/64 scope global optimistic [^\n]*$/)
    assert.deepEqual(sysctlsOf(lab.container, 'eth0'), { accept_dad: '1', optimistic_dad: '0' })
    await eventually(() => tentative(lab.container) === '', 'the end of the look for duplicates')
    assert.equal(ipJson(lab.container, '-6', 'address', 'show', 'dev', 'eth0', 'scope', 'link').length, 1)
  }))

test('macvlan ADD, or CHECK at the latest, tells of an IPv6 address that another machine has', () =>
  withLab(async (lab) => {
    makeNetwork(lab)
    ip(lab.host, 'address', 'add', 'fd00::3/64', 'dev', 'far0', 'nodad')
    lab.ipam = answer('fd00::1')
    const config: JsonObject = { master: 'net0', ipam }
    let reply = await lab.call(macvlan, 'ADD', config)
    if (reply.status === 0) {
      await eventually(() => ip(lab.container, '-6', 'address', 'show', 'dadfailed') !== '', 'the answer')
      reply = await lab.call(macvlan, 'CHECK', { ...config, prevResult: reply.document })
    }
    assert.equal(reply.document['msg'], 'link eth0 has address fd00::3 in DADFAILED state')
  }))
