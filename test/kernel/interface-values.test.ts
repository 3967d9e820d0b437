import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Plugin } from '@patchbay/cni/plugin'
import { bridge } from '@patchbay/plugins/bridge'
import { macvlan } from '@patchbay/plugins/macvlan'
import { ptp } from '@patchbay/plugins/ptp'
import { type PluginLab, withLab } from '../lab/plugin-lab.ts'
import { ip, ipJson, type JsonObject, linkNames } from '../lab/witness.ts'

/** Plugins that make an interface, what they need, and the links of the host before they make anything. */
const plugins: readonly { plugin: Plugin; keys: JsonObject; links: string[] }[] = [
  { plugin: bridge, keys: { bridge: 'cni0', isGateway: true }, links: ['lo'] },
  { plugin: ptp, keys: {}, links: ['lo'] },
  { plugin: macvlan, keys: { master: 'net0' }, links: ['far0', 'lo', 'net0'] },
]

function connect(lab: PluginLab, plugin: Plugin): void {
  if (plugin !== macvlan) return
  ip(lab.host, 'link', 'add', 'net0', 'type', 'veth', 'peer', 'name', 'far0')
  for (const name of ['net0', 'far0']) ip(lab.host, 'link', 'set', name, 'up')
}

const ip4 = { address: '10.1.2.3/24', gateway: '10.1.2.1' }
const ip6 = { address: 'fd00::3/64', gateway: 'fd00::1' }

/** The same answer from the plugin that only keeps books and from one that may use the interface. */
function ipamOf(
  lab: PluginLab,
  type: 'static' | 'ipam',
  answer: { ips: JsonObject[]; routes?: JsonObject[] },
): JsonObject {
  const { ips, routes = [] } = answer
  lab.ipam = { cniVersion: '1.1.0', ips, routes }
  return type === 'ipam' ? { type } : { type, addresses: ips, routes }
}

for (const { plugin, keys, links } of plugins) {
  test(`${plugin.name}: a route whose gateway is 0.0.0.0 or :: is on the link, for ADD and CHECK`, () =>
    withLab(async (lab) => {
      connect(lab, plugin)
      const routes = [
        { dst: '10.9.0.0/16', gw: '0.0.0.0' },
        { dst: 'fd09::/64', gw: '::' },
      ]
      const config = { ...keys, ipam: ipamOf(lab, 'static', { ips: [ip4, ip6], routes }) }
      const prevResult = await lab.add(plugin, config)
      assert.deepEqual(
        ['10.9.0.0/16', 'fd09::/64'].map((dst) => ipJson(lab.container, 'route', 'show', dst)[0]?.['gateway']),
        [undefined, undefined],
      )
      const check = () => lab.call(plugin, 'CHECK', { ...config, prevResult })
      assert.deepEqual(await check(), { status: 0, document: {}, stderr: '' })
      ip(lab.container, 'route', 'replace', '10.9.0.0/16', 'via', '10.1.2.1')
      assert.match(String((await check()).document['msg']), /^Expected Route \{Dst:\{IP:10\.9\.0\.0 .* not found/)
    }))

  for (const type of ['static', 'ipam'] as const) {
    test(`${plugin.name} ADD names the route and the key that the kernel has no room for (${type})`, () =>
      withLab(async (lab) => {
        connect(lab, plugin)
        const answer = { ips: [ip4], routes: [{ dst: '10.8.0.0/16' }, { dst: '10.9.0.0/16', priority: -1 }] }
        const { document } = await lab.call(plugin, 'ADD', { ...keys, ipam: ipamOf(lab, type, answer) })
        assert.deepEqual(document, {
          code: 7,
          msg: 'Cannot add route 10.9.0.0/16: "priority" is -1, not a number from 0 to 4294967295',
        })
        assert.deepEqual(lab.calls, type === 'static' ? [] : ['ADD ipam', 'DEL ipam'])
        assert.deepEqual(linkNames(lab.container), ['lo'])
        if (type === 'static') assert.deepEqual(linkNames(lab.host), links)
      }))

    test(`${plugin.name} ADD says that IPv6 needs an MTU of 1280 (${type})`, () =>
      withLab(async (lab) => {
        connect(lab, plugin)
        const config = { ...keys, mtu: 1279, ipam: ipamOf(lab, type, { ips: [ip4, ip6] }) }
        const { document } = await lab.call(plugin, 'ADD', config)
        assert.deepEqual(document, {
          code: 7,
          msg: 'Cannot use address fd00::3/64 on "eth0": IPv6 needs an MTU of 1280, and it is 1279 (key "mtu")',
        })
        assert.deepEqual(lab.calls, [`ADD ${type}`, `DEL ${type}`])
        assert.deepEqual(linkNames(lab.container), ['lo'])
        if (type === 'static') assert.deepEqual(linkNames(lab.host), links)
        await lab.add(plugin, { ...config, ipam: ipamOf(lab, type, { ips: [ip4] }) })
      }))
  }

  test(`${plugin.name} ADD under a name that is taken does not ask IPAM, whatever the MTU`, () =>
    withLab(async (lab) => {
      connect(lab, plugin)
      ip(lab.container, 'link', 'add', 'eth0', 'type', 'bridge')
      for (const mtu of [0, 1000]) {
        const config = { ...keys, mtu, ipam: ipamOf(lab, 'static', { ips: [ip4] }) }
        const { status, document } = await lab.call(plugin, 'ADD', config)
        assert.deepEqual([status, lab.calls], [1, []], JSON.stringify(document))
      }
    }))
}

test('bridge ADD says that the bridge has too small an MTU for the gateway', () =>
  withLab(async (lab) => {
    ip(lab.host, 'link', 'add', 'cni0', 'mtu', '1000', 'type', 'bridge')
    const config = { bridge: 'cni0', isGateway: true, ipam: ipamOf(lab, 'static', { ips: [ip6] }) }
    const { document } = await lab.call(bridge, 'ADD', config)
    assert.equal(
      document['msg'],
      'Cannot use address fd00::1/64 on "cni0": IPv6 needs an MTU of 1280, and it is 1000 (that of the bridge)',
    )
    assert.deepEqual([linkNames(lab.host), linkNames(lab.container)], [['cni0', 'lo'], ['lo']])
  }))

test('macvlan ADD says that the master has too small an MTU for IPv6', () =>
  withLab(async (lab) => {
    connect(lab, macvlan)
    ip(lab.host, 'link', 'set', 'net0', 'mtu', '1200')
    const { document } = await lab.call(macvlan, 'ADD', {
      master: 'net0',
      ipam: ipamOf(lab, 'static', { ips: [ip6] }),
    })
    assert.equal(
      document['msg'],
      'Cannot use address fd00::3/64 on "eth0": IPv6 needs an MTU of 1280, and it is 1200 (that of master "net0")',
    )
    assert.deepEqual(linkNames(lab.container), ['lo'])
  }))

for (const { plugin, keys, links } of plugins.slice(0, 2))
  test(`${plugin.name} ADD makes nothing with an MTU that no link can have`, () =>
    withLab(async (lab) => {
      const config = { ...keys, mtu: 70_000, ipam: ipamOf(lab, 'static', { ips: [ip4] }) }
      const { document } = await lab.call(plugin, 'ADD', config)
      const details = 'MTU 70000 (key "mtu") is not from 68 to 65535'
      assert.deepEqual(document, { code: 999, msg: 'failed to make veth pair: invalid argument', details })
      assert.deepEqual([linkNames(lab.host), linkNames(lab.container), lab.calls], [links, ['lo'], []])
    }))
