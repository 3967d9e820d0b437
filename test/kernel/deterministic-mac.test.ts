import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import type { Plugin } from '@patchbay/cni/plugin'
import { writeSysctl } from '@patchbay/linux/netns'
import { bridge } from '@patchbay/plugins/bridge'
import { macvlan } from '@patchbay/plugins/macvlan'
import { ptp } from '@patchbay/plugins/ptp'
import { LinkMonitor } from '../lab/link-monitor.ts'
import { type CallOptions, type PluginLab, withLab } from '../lab/plugin-lab.ts'
import { ip, ipJsonOne, type JsonObject, linkNames } from '../lab/witness.ts'

const ipam = { type: 'ipam' }
const networks: Record<string, [Plugin, JsonObject]> = {
  bridge: [bridge, { bridge: 'cni0', isGateway: true, ipam }],
  ptp: [ptp, { ipam }],
  macvlan: [macvlan, { master: 'net0', ipam }],
}

/** `0a:58` and the first four bytes of SHA-256 over the address. */
function macOfIpv6(...bytes: number[]): string {
  const hash = createHash('sha256').update(Uint8Array.from(bytes)).digest('hex')
  return `0a:58:${hash.slice(0, 8).match(/../g)?.join(':')}`
}

/** fd00::N */
function ula(last: number): number[] {
  return [0xfd, ...Array.from({ length: 14 }, () => 0), last]
}

function addresses(...pairs: [address: string, gateway: string][]): JsonObject {
  return { cniVersion: '1.1.0', ips: pairs.map(([address, gateway]) => ({ address, gateway })) }
}

/** A network that the host is on, for macvlan. */
function connect({ host, container }: PluginLab): void {
  // Nobody has the addresses, and looking for duplicates takes seconds.
  writeSysctl(container.netns, 'net/ipv6/conf/default/accept_dad', '0')
  ip(host, 'link', 'add', 'net0', 'type', 'veth', 'peer', 'name', 'far0')
  for (const name of ['net0', 'far0']) ip(host, 'link', 'set', name, 'up')
}

function macOf(place: PluginLab['host'], name: string): string {
  return String(ipJsonOne(place, 'link', 'show', name)['address'])
}

function hostEnd(lab: PluginLab): string {
  return linkNames(lab.host).find((name) => name.startsWith('veth')) ?? ''
}

/** The hardware addresses of the interfaces whose addresses we manage. */
function managed(name: string, lab: PluginLab): string[] {
  const container = macOf(lab.container, 'eth0')
  if (name === 'bridge') return [container, macOf(lab.host, 'cni0')]
  return name === 'ptp' ? [container, macOf(lab.host, hostEnd(lab))] : [container]
}

const v4 = addresses(['10.1.2.3/24', '10.1.2.1'])
const v6 = addresses(['fd00::3/64', 'fd00::1'])
const both = addresses(['fd00::3/64', 'fd00::1'], ['10.1.2.3/24', '10.1.2.1'])
const cases: [string, JsonObject, [container: string, host: string]][] = [
  ['an IPv4 address', v4, ['0a:58:0a:01:02:03', '0a:58:0a:01:02:01']],
  ['an IPv6 address alone', v6, [macOfIpv6(...ula(3)), macOfIpv6(...ula(1))]],
  ['both, where IPv4 counts', both, ['0a:58:0a:01:02:03', '0a:58:0a:01:02:01']],
]

for (const [name, [plugin, config]] of Object.entries(networks))
  for (const [what, answer, [container, host]] of cases)
    test(`${name}: the hardware addresses of ${what}, in the kernel and in the result`, () =>
      withLab(async (lab) => {
        connect(lab)
        lab.ipam = answer
        const { interfaces } = await lab.add(plugin, config)
        const expected = name === 'macvlan' ? [container] : [container, host]
        assert.deepEqual(managed(name, lab), expected)
        const listed = JSON.stringify(interfaces)
        for (const mac of expected) assert.ok(listed.includes(mac), listed)
      }))

for (const [name, [plugin, config]] of Object.entries(networks))
  test(`${name}: no link is ever seen up with another hardware address`, () =>
    withLab(async (lab) => {
      connect(lab)
      using host = await LinkMonitor.start(lab.host)
      using container = await LinkMonitor.start(lab.container)
      await lab.add(plugin, config)
      const own = (link: string) => link === 'cni0' || link === 'eth0' || (name === 'ptp' && link.startsWith('veth'))
      const seen = [...(await host.events()), ...(await container.events())]
      const up = seen.filter((event) => event.up && own(event.ifname))
      assert.ok(up.length > 0)
      for (const event of up) assert.match(event.mac, /^0a:58:0a:01:02:0[13]$/, JSON.stringify(event))
      assert.deepEqual(
        [...new Set(up.map(({ mac }) => mac))].sort(),
        name === 'macvlan' ? ['0a:58:0a:01:02:03'] : ['0a:58:0a:01:02:01', '0a:58:0a:01:02:03'],
      )
    }))

for (const [name, [plugin, config]] of Object.entries(networks))
  test(`${name}: "deterministicMac": false leaves hardware addresses to the kernel`, () =>
    withLab(async (lab) => {
      connect(lab)
      await lab.add(plugin, { ...config, deterministicMac: false })
      for (const mac of managed(name, lab)) assert.doesNotMatch(mac, /^0a:58:0a:01:02/)
    }))

const mac = '02:00:00:00:00:0a'
const asked: Record<string, [names: string[], JsonObject, CallOptions?]> = {
  'runtimeConfig.mac': [['bridge', 'macvlan'], { runtimeConfig: { mac } }],
  'args.cni.mac': [['bridge'], { args: { cni: { mac } } }],
  'MAC in CNI_ARGS': [['bridge', 'macvlan'], {}, { args: `MAC=${mac}` }],
  mac: [['macvlan'], { mac }],
}
for (const [way, [names, keys, options]] of Object.entries(asked))
  for (const name of names)
    test(`${name}: a hardware address asked for by ${way} wins`, () =>
      withLab(async (lab) => {
        connect(lab)
        const [plugin, config] = networks[name] ?? [bridge, {}]
        const result = await lab.add(plugin, { ...config, ...keys }, options)
        assert.equal(macOf(lab.container, 'eth0'), mac)
        assert.ok(JSON.stringify(result['interfaces']).includes(mac))
        if (name === 'bridge') assert.equal(macOf(lab.host, 'cni0'), '0a:58:0a:01:02:01')
      }))

test('a link that IPAM has set up to get a lease keeps the hardware address that the lease is for', () =>
  withLab(async (lab) => {
    const answer = lab.ipam
    let leased = ''
    lab.beforeIpam = () => {
      leased = macOf(lab.container, 'eth0')
      ip(lab.container, 'link', 'set', 'eth0', 'up')
    }
    lab.ipam = answer
    await lab.add(bridge, { bridge: 'cni0', ipam })
    assert.equal(macOf(lab.container, 'eth0'), leased)
  }))

test('bridge: a bridge that is no gateway keeps the hardware address that the kernel gives it', () =>
  withLab(async (lab) => {
    await lab.add(bridge, { bridge: 'cni0', ipam })
    assert.doesNotMatch(macOf(lab.host, 'cni0'), /^0a:58:0a/)
    assert.equal(macOf(lab.container, 'eth0'), '0a:58:0a:01:02:03')
  }))

test('bridge: a second network on a bridge leaves it the hardware address that the first one knows', () =>
  withLab(async (lab) => {
    await lab.add(bridge, { bridge: 'cni0', isGateway: true, ipam })
    lab.ipam = v6
    await lab.add(bridge, { bridge: 'cni0', isGateway: true, ipam }, { container: lab.other, containerId: 'c2' })
    assert.equal(macOf(lab.host, 'cni0'), '0a:58:0a:01:02:01')
    assert.match(ip(lab.host, '-6', 'address', 'show', 'dev', 'cni0'), /fd00::1\/64/)
  }))

test('bridge: a gateway that takes the place of another one brings its hardware address', () =>
  withLab(async (lab) => {
    await lab.add(bridge, { bridge: 'cni0', isGateway: true, ipam })
    lab.ipam = addresses(['10.3.0.3/24', '10.3.0.1'])
    const config = { bridge: 'cni0', isGateway: true, forceAddress: true, ipam }
    await lab.add(bridge, config, { container: lab.other, containerId: 'c2' })
    assert.equal(macOf(lab.host, 'cni0'), '0a:58:0a:03:00:01')
  }))

test('bridge: a bridge with a gateway that was set down is set up again', () =>
  withLab(async (lab) => {
    await lab.add(bridge, { bridge: 'cni0', isGateway: true, ipam })
    ip(lab.host, 'link', 'set', 'cni0', 'down')
    await lab.add(bridge, { bridge: 'cni0', isGateway: true, ipam }, { container: lab.other, containerId: 'c2' })
    assert.match(ip(lab.host, 'link', 'show', 'cni0'), /state UP/)
  }))
