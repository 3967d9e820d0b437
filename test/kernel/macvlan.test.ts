import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseIP } from '@patchbay/address'
import { ping } from '@patchbay/linux/packet'
import { macvlan } from '@patchbay/plugins/macvlan'
import { type CallOptions, type IpamAnswer, type PluginLab, withLab } from '../lab/plugin-lab.ts'
import { assertShows, ip, ipJsonOne, type JsonObject, linkNames, runIn } from '../lab/witness.ts'

const config: JsonObject = { master: 'net0', ipam: { type: 'ipam' } }

/** A network that the host is on, by `net0` with an MTU of 1400. */
function connect({ host }: PluginLab): void {
  ip(host, 'link', 'add', 'net0', 'mtu', '1400', 'type', 'veth', 'peer', 'name', 'far0', 'mtu', '1400')
  for (const name of ['net0', 'far0']) ip(host, 'link', 'set', name, 'up')
}

test('macvlan ADD gives a container an interface of its own on the network of its master', () =>
  withLab(async (lab) => {
    connect(lab)
    const result = await lab.add(macvlan, { ...config, mode: 'private', mtu: 1300, bcqueuelen: 99 })
    assertShows(ipJsonOne(lab.container, 'address', 'show', 'dev', 'eth0'), {
      address: '0a:58:0a:01:02:03',
      mtu: 1300,
      operstate: 'UP',
      linkinfo: { info_kind: 'macvlan', info_data: { mode: 'private' } },
    })
    assert.match(ip(lab.container, '-d', 'link', 'show', 'eth0'), /mode private bcqueuelen 99/)
    assert.deepEqual(result['interfaces'], [{ name: 'eth0', mac: '0a:58:0a:01:02:03', sandbox: lab.container.path }])
    assert.deepEqual(linkNames(lab.host), ['far0', 'lo', 'net0'])
    for (const name of ['ipv4/conf/eth0/arp_notify', 'ipv6/conf/eth0/ndisc_notify'])
      assert.equal(runIn(lab.container, 'cat', `/proc/sys/net/${name}`).trim(), '1')
  }))

test('macvlan: containers on one master reach each other', () =>
  withLab(async (lab) => {
    connect(lab)
    await lab.add(macvlan, config)
    lab.ipam = { cniVersion: '1.1.0', ips: [{ address: '10.1.2.4/24' }] }
    await lab.add(macvlan, config, { container: lab.other, containerId: 'c2' })
    assert.equal((await ping({ netns: lab.container.netns, to: parseIP('10.1.2.4'), timeoutMs: 3000 })).length, 1)
  }))

test('macvlan ADD takes the interface of the default route for its master', () =>
  withLab(async (lab) => {
    connect(lab)
    ip(lab.host, 'route', 'add', '10.0.0.0/8', 'dev', 'far0')
    ip(lab.host, 'route', 'add', 'default', 'dev', 'net0', 'metric', '77')
    await lab.add(macvlan, { ipam: { type: 'ipam' } })
    const { ifindex } = ipJsonOne(lab.host, 'link', 'show', 'net0')
    assertShows(ipJsonOne(lab.container, 'link', 'show', 'eth0'), { link_index: ifindex ?? 0 })
  }))

test('macvlan ADD in mode passthru keeps the hardware address of its master', () =>
  withLab(async (lab) => {
    connect(lab)
    const { address } = ipJsonOne(lab.host, 'link', 'show', 'net0')
    const result = await lab.add(macvlan, { ...config, mode: 'passthru' })
    assertShows(ipJsonOne(lab.container, 'link', 'show', 'eth0'), { address: address ?? '' })
    assertShows(result['interfaces'], [{ mac: address ?? '' }])
    assertShows(ipJsonOne(lab.host, 'link', 'show', 'net0'), { address: address ?? '' })
  }))

test('macvlan ADD with a master in the container', () =>
  withLab(async (lab) => {
    ip(lab.container, 'link', 'add', 'net0', 'type', 'veth', 'peer', 'name', 'far0')
    ip(lab.container, 'link', 'set', 'net0', 'up')
    await lab.add(macvlan, { ...config, linkInContainer: true })
    assert.deepEqual(linkNames(lab.container), ['eth0', 'far0', 'lo', 'net0'])
    assertShows(ipJsonOne(lab.container, 'link', 'show', 'eth0'), { link: 'net0' })
  }))

test('macvlan DEL takes the interface away, even without its master, and may be called again', () =>
  withLab(async (lab) => {
    connect(lab)
    await lab.add(macvlan, config)
    await lab.del(macvlan, config)
    ip(lab.host, 'link', 'delete', 'net0')
    await lab.del(macvlan, config)
    await lab.del(macvlan, config, { netns: '' })
    await lab.del(macvlan, config, { netns: '/run/netns/absent' })
    assert.deepEqual(linkNames(lab.container), ['lo'])
    assert.deepEqual(lab.calls, ['ADD ipam', ...Array.from({ length: 4 }, () => 'DEL ipam')])
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

const address = '10.1.2.3/24'
const undone = ['ADD ipam', 'DEL ipam']
const failures: Record<string, Failure> = {
  'there is no such master': { config: { master: 'x0' }, message: /^failed to lookup master "x0": Link not found$/ },
  'there is no default route': { config: { master: '' }, message: /^no default route interface found$/ },
  'the MTU is above that of the master': {
    config: { mtu: 1401 },
    message: /^invalid MTU 1401, must be \[0, master MTU\(1400\)\]$/,
  },
  'the mode is unknown': { config: { mode: 'source' }, message: /^unknown macvlan mode: "source"$/ },
  'the hardware address is malformed': {
    config: { mac: 'zz' },
    message: /^invalid args zz for MAC addr: address zz: inv/,
  },
  'the hardware address is a group': {
    config: { mac: '01:00:5e:00:00:01' },
    message: /^failed to create macvlan: cannot assign requested address/,
  },
  'the namespace is not there': {
    options: { netns: '/run/netns/absent' },
    message: /^failed to open netns "\/run\/netns\/absent": failed to Statfs/,
  },
  'the master is passed through already': {
    prepare: ({ host }) => void ip(host, 'link', 'add', 'm0', 'link', 'net0', 'type', 'macvlan', 'mode', 'passthru'),
    message: /^failed to create macvlan: /,
  },
  'the name is taken': {
    prepare: ({ container }) => void ip(container, 'link', 'add', 'eth0', 'type', 'bridge'),
    message: /^failed to rename macvlan to "eth0": file exists$/,
    left: ['eth0'],
  },
  'IPAM refuses': { ipam: new Error('no addresses'), message: /^no addresses$/, calls: ['ADD ipam'] },
  'IPAM gives no address': {
    ipam: { cniVersion: '1.1.0' },
    message: /^IPAM plugin returned missing IP config$/,
    calls: undone,
  },
  'an address is there twice': {
    ipam: { cniVersion: '1.1.0', ips: [{ address }, { address }] },
    message: /^failed to add IP addr 10\.1\.2\.3\/24 to "eth0": file exists/,
    calls: undone,
  },
  'a gateway cannot be reached': {
    ipam: { cniVersion: '1.1.0', ips: [{ address }], routes: [{ dst: '10.9.0.0/16', gw: '172.16.0.1' }] },
    message: /^failed to add route '10\.9\.0\.0\/16 via 172\.16\.0\.1 dev eth0 .*': network is unreachable/,
    calls: undone,
  },
}

for (const [what, failure] of Object.entries(failures))
  test(`macvlan ADD leaves nothing when ${what}`, () =>
    withLab(async (lab) => {
      connect(lab)
      failure.prepare?.(lab)
      const before = linkNames(lab.host)
      lab.ipam = failure.ipam ?? lab.ipam
      const reply = await lab.call(macvlan, 'ADD', { ...config, ...failure.config }, failure.options)
      assert.equal(reply.status, 1)
      assert.match(String(reply.document['msg']), failure.message)
      assert.deepEqual(lab.calls, failure.calls ?? [])
      assert.deepEqual([linkNames(lab.host), linkNames(lab.container)], [before, [...(failure.left ?? []), 'lo']])
      assert.equal(reply.stderr, '')
    }))
