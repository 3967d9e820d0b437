import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseIP } from '@patchbay/address'
import { ping } from '@patchbay/linux/packet'
import { ptp } from '@patchbay/plugins/ptp'
import { type CallOptions, type IpamAnswer, type PluginLab, withLab } from '../lab/plugin-lab.ts'
import { assertShows, ip, ipJsonOne, type JsonObject, linkNames, runIn } from '../lab/witness.ts'

const config: JsonObject = { ipam: { type: 'ipam' } }
const dualStack: JsonObject = {
  cniVersion: '1.1.0',
  ips: [
    { address: '10.1.2.3/24', gateway: '10.1.2.1' },
    { address: 'fd00::3/64', gateway: 'fd00::1' },
  ],
  routes: [{ dst: '0.0.0.0/0' }, { dst: '::/0' }],
}

function hostEnd(lab: PluginLab): string {
  return linkNames(lab.host).find((name) => name.startsWith('veth')) ?? ''
}

function routes(place: PluginLab['host'], ...args: string[]): string[] {
  return ip(place, ...args)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/^(?:fe80|ff00|multicast|anycast)|local fe80/.test(line))
}

test('ptp ADD makes a pair whose only neighbour is the host', () =>
  withLab(async (lab) => {
    lab.ipam = dualStack
    const result = await lab.add(ptp, config)
    const port = hostEnd(lab)
    assertShows(ipJsonOne(lab.host, 'link', 'show', port), { operstate: 'UP', address: '0a:58:0a:01:02:01' })
    assertShows(ipJsonOne(lab.container, 'link', 'show', 'eth0'), { operstate: 'UP', address: '0a:58:0a:01:02:03' })
    assert.deepEqual(routes(lab.container, '-4', 'route', 'show'), [
      'default via 10.1.2.1 dev eth0',
      '10.1.2.0/24 via 10.1.2.1 dev eth0 src 10.1.2.3',
      '10.1.2.1 dev eth0 scope link src 10.1.2.3',
    ])
    assert.deepEqual(
      routes(lab.container, '-6', 'route', 'show').map((line) => line.replace(/ metric.*/, '')),
      ['fd00::1 dev eth0 src fd00::3', 'fd00::/64 via fd00::1 dev eth0 src fd00::3', 'default via fd00::1 dev eth0'],
    )
    assert.match(
      routes(lab.host, '-4', 'route', 'show').join('\n'),
      new RegExp(`10\\.1\\.2\\.3 dev ${port} scope host`),
    )
    assert.match(ip(lab.host, '-o', 'address', 'show', 'dev', port), /inet 10\.1\.2\.1\/32[\s\S]*inet6 fd00::1\/128/)
    assert.deepEqual(result['interfaces'], [
      { name: port, mac: '0a:58:0a:01:02:01' },
      { name: 'eth0', mac: '0a:58:0a:01:02:03', sandbox: lab.container.path },
    ])
    for (const name of ['ipv4/ip_forward', 'ipv6/conf/all/forwarding'])
      assert.equal(runIn(lab.host, 'cat', `/proc/sys/net/${name}`).trim(), '1')
  }))

test('ptp: containers reach the host and each other through it, at once and by both families', () =>
  withLab(async (lab) => {
    const second: JsonObject = {
      cniVersion: '1.1.0',
      ips: [
        { address: '10.1.2.4/24', gateway: '10.1.2.1' },
        { address: 'fd00::4/64', gateway: 'fd00::1' },
      ],
    }
    lab.ipam = dualStack
    await lab.add(ptp, config)
    lab.ipam = second
    await lab.add(ptp, config, { container: lab.other, containerId: 'c2' })
    for (const to of ['10.1.2.1', '10.1.2.4', 'fd00::1', 'fd00::4'])
      assert.equal((await ping({ netns: lab.container.netns, to: parseIP(to), timeoutMs: 3000 })).length, 1, to)
  }))

test('ptp ADD takes routes through any address of a subnet, and through none outside', () =>
  withLab(async (lab) => {
    lab.ipam = {
      ...dualStack,
      routes: [
        { dst: '172.16.0.0/12', gw: '10.1.2.9' },
        { dst: 'fd99::/16', gw: 'fd00::9' },
      ],
    }
    await lab.add(ptp, config)
    assert.match(ip(lab.container, '-4', 'route', 'show'), /172\.16\.0\.0\/12 via 10\.1\.2\.9 dev eth0 onlink/)
    assert.match(ip(lab.container, '-6', 'route', 'show'), /fd99::\/16 via fd00::9 dev eth0 .*onlink/)
  }))

test('ptp ADD is content with a route to the container that the host has already', () =>
  withLab(async (lab) => {
    ip(lab.host, 'link', 'set', 'lo', 'up')
    ip(lab.host, 'route', 'add', '10.1.2.3/32', 'dev', 'lo', 'scope', 'host')
    await lab.add(ptp, config)
    assert.equal(linkNames(lab.container).length, 2)
  }))

test('ptp DEL takes the pair and its routes away, and may be called again', () =>
  withLab(async (lab) => {
    await lab.add(ptp, config)
    await lab.del(ptp, config)
    await lab.del(ptp, config)
    await lab.del(ptp, config, { netns: '' })
    await lab.del(ptp, config, { netns: '/run/netns/absent' })
    assert.deepEqual([linkNames(lab.host), linkNames(lab.container)], [['lo'], ['lo']])
    assert.deepEqual(routes(lab.host, '-4', 'route', 'show'), [])
    assert.deepEqual(lab.calls, ['ADD ipam', ...Array.from({ length: 4 }, () => 'DEL ipam')])
  }))

test('ptp DEL asks IPAM and deletes the link, whatever became of the other', () =>
  withLab(async (lab) => {
    await lab.add(ptp, config)
    lab.releaseError = new Error('disk full')
    const { status, document } = await lab.call(ptp, 'DEL', config)
    assert.deepEqual([status, document['msg']], [1, 'disk full'])
    assert.deepEqual(linkNames(lab.container), ['lo'])
  }))

/** A step of ADD that fails: what brings it about, what is said, and which IPAM calls there are. */
interface Failure {
  config?: JsonObject
  options?: CallOptions
  ipam?: IpamAnswer
  prepare?: (lab: PluginLab) => void
  message: RegExp
  calls?: string[]
  left?: string[]
}

const ips = [{ address: '10.1.2.3/24', gateway: '10.1.2.1' }]
const failures: Record<string, Failure> = {
  'IPAM refuses': { ipam: new Error('no addresses'), message: /^no addresses$/, calls: ['ADD ipam'] },
  'there is no IPAM': { config: { ipam: {} }, message: /^no plugin name provided$/, calls: [] },
  'IPAM gives no address': { ipam: { cniVersion: '1.1.0' }, message: /^IPAM plugin returned missing IP config$/ },
  'IPAM gives no gateway': {
    ipam: { cniVersion: '1.1.0', ips: [{ address: '10.1.2.3/24' }] },
    message: /^Cannot attach "eth0": the IPAM plugin gave address 10\.1\.2\.3\/24 without a gateway, .*; set "gateway"/,
  },
  'the namespace is not there': {
    options: { netns: '/run/netns/absent' },
    message: /^failed to open netns "\/run\/netns\/absent": failed to Statfs/,
    calls: [],
  },
  'the name is taken': {
    prepare: ({ container }) => void ip(container, 'link', 'add', 'eth0', 'type', 'bridge'),
    message: /^container veth name \("eth0"\) peer provided \("veth[0-9a-f]{8}"\) already exists$/,
    calls: [],
    left: ['eth0'],
  },
  'the MTU is too small': { config: { mtu: 10 }, message: /^failed to make veth pair: invalid argument$/, calls: [] },
  'an address is there twice': {
    ipam: { cniVersion: '1.1.0', ips: [...ips, ...ips] },
    message: /^failed to add IP addr 10\.1\.2\.3\/24 to "eth0": file exists/,
  },
  'a gateway cannot be reached': {
    ipam: { cniVersion: '1.1.0', ips, routes: [{ dst: '10.9.0.0/16', gw: '172.16.0.1' }] },
    message: /^failed to add route '10\.9\.0\.0\/16 via 172\.16\.0\.1 dev eth0 .*': network is unreachable/,
  },
  'a route is there twice': {
    ipam: { cniVersion: '1.1.0', ips, routes: [{ dst: '10.1.2.0/24', gw: '10.1.2.1' }, { dst: '10.1.2.0/24' }] },
    message: /^failed to add route '10\.1\.2\.0\/24 via 10\.1\.2\.1 dev eth0 .*': file exists/,
  },
}

for (const [what, failure] of Object.entries(failures))
  test(`ptp ADD leaves nothing when ${what}`, () =>
    withLab(async (lab) => {
      failure.prepare?.(lab)
      lab.ipam = failure.ipam ?? lab.ipam
      const reply = await lab.call(ptp, 'ADD', { ...config, ...failure.config }, failure.options)
      assert.equal(reply.status, 1)
      assert.match(String(reply.document['msg']), failure.message)
      assert.deepEqual(lab.calls, failure.calls ?? ['ADD ipam', 'DEL ipam'])
      assert.deepEqual([linkNames(lab.host), linkNames(lab.container)], [['lo'], [...(failure.left ?? []), 'lo']])
      assert.deepEqual(routes(lab.host, '-4', 'route', 'show'), [])
      assert.equal(reply.stderr, '')
    }))
