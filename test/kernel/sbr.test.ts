import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sbr } from '@patchbay/plugins/sbr'
import { type PluginLab, withLab } from '../lab/plugin-lab.ts'
import { ip, ipJson, type JsonObject, runIn } from '../lab/witness.ts'

/**
 * Two networks of a container: `eth0`, by which its default route leads, and `eth1`. On both, the machine at the other end has
 * the gateway's addresses, and tells by them which one a packet left by.
 */
function attach({ container, host, other }: PluginLab): JsonObject {
  for (const [name, far, place] of [
    ['eth0', '1', host],
    ['eth1', '2', other],
  ] as const) {
    ip(container, 'link', 'add', 'name', name, 'type', 'veth', 'peer', 'name', 'far', 'netns', place.path)
    ip(container, 'link', 'set', name, 'up')
    ip(place, 'link', 'set', 'far', 'up')
    for (const [where, end] of [
      [container, '2'],
      [place, '1'],
    ] as const) {
      const device = where === container ? name : 'far'
      ip(where, 'address', 'add', `10.${far}.0.${end}/24`, 'dev', device)
      ip(where, 'address', 'add', `fd00:${far}::${end}/64`, 'dev', device, 'nodad')
    }
    ip(place, 'address', 'add', '192.0.2.1/32', 'dev', 'far')
    ip(place, 'address', 'add', '2001:db8::1/128', 'dev', 'far', 'nodad')
  }
  ip(container, 'route', 'add', 'default', 'via', '10.1.0.1')
  ip(container, '-6', 'route', 'add', 'default', 'via', 'fd00:1::1')
  ip(container, 'route', 'add', '172.16.0.0/12', 'via', '10.2.0.1')
  return {
    cniVersion: '1.1.0',
    interfaces: [
      { name: 'eth0', sandbox: container.path },
      { name: 'eth1', sandbox: container.path },
    ],
    ips: [
      { address: '10.1.0.2/24', gateway: '10.1.0.1', interface: 0 },
      { address: '10.2.0.2/24', gateway: '10.2.0.1', interface: 1 },
      { address: 'fd00:2::2/64', gateway: 'fd00:2::1', interface: 1 },
    ],
  }
}

const eth1 = { ifName: 'eth1' }

function withNetworks(work: (lab: PluginLab, prevResult: JsonObject) => Promise<void>): Promise<void> {
  return withLab((lab) => work(lab, attach(lab)))
}

/** The device by which a packet from an address to the outside leaves. */
function leavesBy({ container }: PluginLab, from: string): unknown {
  const to = from.includes(':') ? '2001:db8::1' : '192.0.2.1'
  return ipJson(container, 'route', 'get', to, 'from', from)[0]?.['dev']
}

function reaches({ container }: PluginLab, from: string): void {
  runIn(container, 'ping', '-c', '1', '-W', '5', '-I', from, from.includes(':') ? '2001:db8::1' : '192.0.2.1')
}

const rules = ({ container }: PluginLab) =>
  [...ipJson(container, 'rule', 'show'), ...ipJson(container, '-6', 'rule', 'show')]
    .filter(({ src }) => src !== 'all')
    .map(({ src, table }) => [src, table])

const routes = ({ container }: PluginLab, ...words: string[]) =>
  ipJson(container, 'route', 'show', ...words).map(({ dst, gateway, dev }) => [dst, gateway, dev])

test('sbr ADD has what is sent from the addresses of an interface leave by it, and DEL ends that', () =>
  withNetworks(async (lab, prevResult) => {
    assert.equal(leavesBy(lab, '10.2.0.2'), 'eth0')
    const result = await lab.add(sbr, { prevResult }, eth1)
    assert.deepEqual(result, prevResult)
    for (const [from, device] of [
      ['10.1.0.2', 'eth0'],
      ['10.2.0.2', 'eth1'],
      ['fd00:1::2', 'eth0'],
      ['fd00:2::2', 'eth1'],
    ] as const) {
      assert.equal(leavesBy(lab, from), device)
      reaches(lab, from)
    }
    assert.equal((await lab.call(sbr, 'CHECK', { prevResult }, eth1)).status, 0)
    await lab.del(sbr, { prevResult }, eth1)
    assert.equal(leavesBy(lab, '10.2.0.2'), 'eth0')
    assert.deepEqual(rules(lab), [])
  }))

test('sbr ADD moves the routes of the interface to the tables of its addresses', () =>
  withNetworks(async (lab, prevResult) => {
    await lab.add(sbr, { prevResult }, eth1)
    assert.deepEqual(rules(lab), [
      ['10.2.0.2', '100'],
      ['fd00:2::2', '101'],
    ])
    assert.deepEqual(routes(lab, 'table', '100'), [
      ['default', '10.2.0.1', 'eth1'],
      ['10.2.0.0/24', undefined, 'eth1'],
      ['172.16.0.0/12', '10.2.0.1', 'eth1'],
    ])
    assert.deepEqual(routes(lab, 'dev', 'eth1'), [])
    const left = ipJson(lab.container, '-6', 'route', 'show', 'dev', 'eth1').map(({ dst }) => dst)
    assert.deepEqual(left, ['fe80::/64'])
  }))

test('sbr ADD again changes nothing', () =>
  withNetworks(async (lab, prevResult) => {
    const everything = () => [rules(lab), ipJson(lab.container, 'route', 'show', 'table', 'all')]
    await lab.add(sbr, { prevResult }, eth1)
    const first = everything()
    await lab.add(sbr, { prevResult }, eth1)
    assert.deepEqual(everything(), first)
  }))

test('sbr gives no table that a rule or a route uses', () =>
  withNetworks(async (lab, prevResult) => {
    ip(lab.container, 'route', 'add', 'blackhole', '10.9.0.0/24', 'table', '100')
    ip(lab.container, '-6', 'rule', 'add', 'from', 'fd00:9::/64', 'lookup', '102')
    await lab.add(sbr, { prevResult }, eth1)
    const ours = rules(lab).filter(([src]) => src !== 'fd00:9::')
    assert.deepEqual(ours, [
      ['10.2.0.2', '101'],
      ['fd00:2::2', '103'],
    ])
  }))

test('sbr with a table leaves routes alone', () =>
  withNetworks(async (lab, prevResult) => {
    ip(lab.container, 'route', 'add', 'default', 'via', '10.2.0.1', 'table', '7')
    const before = routes(lab)
    for (let time = 1; time <= 2; time++) await lab.add(sbr, { table: 7, prevResult }, eth1)
    assert.deepEqual(rules(lab), [
      ['10.2.0.2', '7'],
      ['fd00:2::2', '7'],
    ])
    assert.deepEqual(routes(lab), before)
    assert.equal(leavesBy(lab, '10.2.0.2'), 'eth1')
    assert.equal((await lab.call(sbr, 'CHECK', { table: 7, prevResult }, eth1)).status, 0)
    await lab.del(sbr, { table: 8, prevResult }, eth1)
    assert.equal(rules(lab).length, 2)
    await lab.del(sbr, { table: 7, prevResult }, eth1)
    assert.deepEqual(rules(lab), [])
  }))

test('sbr takes gateways of the configuration, and keeps networks in the main table when asked to', () =>
  withNetworks(async (lab, prevResult) => {
    await lab.add(sbr, { gateways: ['10.2.0.9'], addSourceHints: true, prevResult }, eth1)
    assert.deepEqual(routes(lab, 'table', '100')[0], ['default', '10.2.0.9', 'eth1'])
    const hint = ipJson(lab.container, 'route', 'show', '10.2.0.0/24')[0]
    assert.deepEqual([hint?.['dev'], hint?.['prefsrc']], ['eth1', '10.2.0.2'])
    for (const [gateways, message] of [
      [['x'], 'invalid static gateway IP address: x'],
      [['10.2.0.1', '10.2.0.9'], 'gateways list contains multiple IPv4 addresses: 10.2.0.1 and 10.2.0.9'],
      [['10.2.0.1', 'fd00::1', 'fd00::2'], 'gateways list cannot contain more than 2 entries (one IPv4, one IPv6)'],
    ] as const) {
      const { document } = await lab.call(sbr, 'ADD', { gateways: [...gateways], prevResult }, eth1)
      assert.equal(document['msg'], message)
    }
  }))

test('sbr ADD that fails leaves rules and routes as they were', () =>
  withNetworks(async (lab, prevResult) => {
    const before = [rules(lab), ipJson(lab.container, 'route', 'show', 'table', 'all')]
    const { document } = await lab.call(sbr, 'ADD', { gateways: ['10.77.0.1'], prevResult }, eth1)
    assert.match(String(document['msg']), /^Failed to add default route to 10\.77\.0\.1: network is unreachable/)
    assert.deepEqual([rules(lab), ipJson(lab.container, 'route', 'show', 'table', 'all')], before)
  }))

test('sbr CHECK names the rule or the route that is missing', () =>
  withNetworks(async (lab, prevResult) => {
    await lab.add(sbr, { prevResult }, eth1)
    const complaint = async () => (await lab.call(sbr, 'CHECK', { prevResult }, eth1)).document['msg']
    ip(lab.container, '-6', 'route', 'delete', 'default', 'table', '101')
    assert.match(String(await complaint()), /default route by gateway fd00:2::1 of "eth1" in table 101/)
    ip(lab.container, 'rule', 'delete', 'from', '10.2.0.2')
    assert.match(String(await complaint()), /rule for address 10\.2\.0\.2 of "eth1"/)
  }))

test('sbr DEL is content without namespace or interface, and makes no file', () =>
  withNetworks(async (lab, prevResult) => {
    await lab.add(sbr, { prevResult }, eth1)
    for (const netns of ['', '/run/netns/absent']) await lab.del(sbr, { prevResult }, { ...eth1, netns })
    assert.equal(rules(lab).length, 2)
    ip(lab.container, 'link', 'delete', 'eth1')
    await lab.del(sbr, {}, eth1)
    await lab.del(sbr, { prevResult }, eth1)
    assert.deepEqual(rules(lab), [])
  }))
