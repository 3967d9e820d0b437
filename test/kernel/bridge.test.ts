import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bridge } from '@patchbay/plugins/bridge'
import { type CallOptions, type IpamAnswer, type PluginLab, withLab } from '../lab/plugin-lab.ts'
import { assertShows, ip, ipJson, ipJsonOne, type JsonObject, linkNames, runIn } from '../lab/witness.ts'

const config: JsonObject = { bridge: 'cni0', isDefaultGateway: true, ipam: { type: 'ipam' } }

function sysctl(lab: PluginLab, place: 'host' | 'container', name: string): string {
  return runIn(lab[place], 'cat', `/proc/sys/net/${name}`).trim()
}

/** The host's ends of pairs. */
function hostEnds(lab: PluginLab): string[] {
  return linkNames(lab.host).filter((name) => name.startsWith('veth'))
}

test('bridge ADD attaches a container to a new bridge that is its gateway', () =>
  withLab(async (lab) => {
    const result = await lab.add(bridge, config)
    const [port = ''] = hostEnds(lab)
    assertShows(ipJsonOne(lab.host, 'address', 'show', 'dev', 'cni0'), {
      operstate: 'UP',
      address: '0a:58:0a:01:02:01',
      linkinfo: { info_kind: 'bridge' },
    })
    assert.match(
      ip(lab.host, '-4', '-o', 'address', 'show'),
      /cni0 +inet 10\.1\.2\.1\/24 brd 10\.1\.2\.255 scope global/,
    )
    assertShows(ipJsonOne(lab.host, 'link', 'show', port), { operstate: 'UP', master: 'cni0' })
    assertShows(ipJsonOne(lab.container, 'link', 'show', 'eth0'), {
      operstate: 'UP',
      address: '0a:58:0a:01:02:03',
      linkinfo: { info_kind: 'veth' },
    })
    assert.equal(
      ip(lab.container, '-4', 'route', 'show').replace(/ +\n/g, '\n'),
      'default via 10.1.2.1 dev eth0\n10.1.2.0/24 dev eth0 proto kernel scope link src 10.1.2.3\n',
    )
    assert.deepEqual(result['interfaces'], [
      { name: 'cni0', mac: '0a:58:0a:01:02:01' },
      { name: port, mac: ipJsonOne(lab.host, 'link', 'show', port)['address'] ?? '' },
      { name: 'eth0', mac: '0a:58:0a:01:02:03', sandbox: lab.container.path },
    ])
    assert.equal(sysctl(lab, 'host', 'ipv4/ip_forward'), '1')
    assert.equal(sysctl(lab, 'host', 'ipv6/conf/all/forwarding'), '0')
    assert.equal(sysctl(lab, 'host', 'ipv6/conf/cni0/accept_ra'), '0')
    assert.equal(ip(lab.host, '-6', 'address', 'show', 'dev', port), '')
    assert.equal(sysctl(lab, 'container', 'ipv6/conf/eth0/accept_dad'), '0')
    assert.equal(sysctl(lab, 'container', 'ipv4/conf/eth0/arp_notify'), '1')
  }))

test('bridge DEL takes the pair away, keeps the bridge, and may be called again', () =>
  withLab(async (lab) => {
    await lab.add(bridge, config)
    await lab.del(bridge, config)
    await lab.del(bridge, config)
    assert.deepEqual([linkNames(lab.host), linkNames(lab.container)], [['cni0', 'lo'], ['lo']])
    assert.deepEqual(lab.calls, ['ADD ipam', 'DEL ipam', 'DEL ipam'])
  }))

/** A step of ADD that fails: what brings it about, what is said, and which IPAM calls there are. */
interface Failure {
  config?: JsonObject
  options?: CallOptions
  ipam?: IpamAnswer
  prepare?: (lab: PluginLab) => void
  message: RegExp
  details?: RegExp
  calls: string[]
  /** Links of the container afterwards, beside `lo`. */
  left?: string[]
}

const address = '10.1.2.3/24'
const failures: Record<string, Failure> = {
  'the namespace is not there': {
    options: { netns: '/run/netns/absent' },
    message: /^failed to open netns "\/run\/netns\/absent": failed to Statfs/,
    calls: [],
  },
  'the path is no namespace': {
    options: { netns: '/proc/../etc/passwd' },
    message: /^failed to open netns "\/proc\/\.\.\/etc\/passwd": unknown FS magic on/,
    calls: [],
  },
  'the name is taken': {
    prepare: ({ container }) => void ip(container, 'link', 'add', 'eth0', 'type', 'bridge'),
    message: /^container veth name \("eth0"\) peer provided \("veth[0-9a-f]{8}"\) already exists$/,
    calls: [],
    left: ['eth0'],
  },
  'the hardware address asked for is malformed': {
    config: { runtimeConfig: { mac: 'zz' } },
    message: /^failed to make veth pair: address zz: invalid MAC address$/,
    calls: [],
  },
  'the hardware address asked for is a group': {
    config: { runtimeConfig: { mac: '01:00:5e:00:00:01' } },
    message: /^failed to make veth pair: cannot assign requested address/,
    calls: [],
  },
  'the MTU is too large': {
    config: { mtu: 70000 },
    message: /^failed to make veth pair: invalid argument$/,
    calls: [],
  },
  'IPAM refuses': { ipam: new Error('no addresses'), message: /^no addresses$/, calls: ['ADD ipam'] },
  'IPAM gives no address': {
    ipam: { cniVersion: '1.1.0' },
    message: /^IPAM plugin returned missing IP config$/,
    calls: ['ADD ipam', 'DEL ipam'],
  },
  'the kernel refuses an address': {
    ipam: { cniVersion: '1.1.0', ips: [{ address }, { address }] },
    message: /^failed to add IP addr 10\.1\.2\.3\/24 to "eth0": file exists/,
    calls: ['ADD ipam', 'DEL ipam'],
  },
  'a route is there twice': {
    ipam: { cniVersion: '1.1.0', ips: [{ address }], routes: [{ dst: '10.9.0.0/16' }, { dst: '10.9.0.0/16' }] },
    message:
      /^failed to add route '10\.9\.0\.0\/16 via 10\.1\.2\.1 dev eth0 metric 0 \(Scope: 0, Table: 0\)': file exists/,
    calls: ['ADD ipam', 'DEL ipam'],
  },
  'a gateway cannot be reached': {
    ipam: { cniVersion: '1.1.0', ips: [{ address }], routes: [{ dst: '10.9.0.0/16', gw: '172.16.0.1' }] },
    message: /^failed to add route '10\.9\.0\.0\/16 via 172\.16\.0\.1 dev eth0 .*': network is unreachable/,
    calls: ['ADD ipam', 'DEL ipam'],
  },
  'the port does not come up': {
    prepare: (lab) => {
      lab.beforeIpam = () => void ip(lab.host, 'link', 'set', hostEnds(lab)[0] ?? '', 'down')
    },
    message: /^bridge port in error state: down$/,
    calls: ['ADD ipam', 'DEL ipam'],
  },
  'the bridge has another address': {
    prepare: ({ host }) => {
      ip(host, 'link', 'add', 'cni0', 'type', 'bridge')
      ip(host, 'address', 'add', '10.7.7.1/24', 'dev', 'cni0')
    },
    message: /^failed to set bridge addr: "cni0" already has an IP address different from 10\.1\.2\.1\/24$/,
    details: /^Cannot give "10\.1\.2\.1\/24" to "cni0": it has "10\.7\.7\.1\/24"; take it away, set "forceAddress", /,
    calls: ['ADD ipam', 'DEL ipam'],
  },
}

for (const [what, failure] of Object.entries(failures))
  test(`bridge ADD leaves nothing but the bridge when ${what}`, () =>
    withLab(async (lab) => {
      failure.prepare?.(lab)
      lab.ipam = failure.ipam ?? lab.ipam
      const reply = await lab.call(bridge, 'ADD', { ...config, ...failure.config }, failure.options)
      assert.equal(reply.status, 1)
      assert.match(String(reply.document['msg']), failure.message)
      assert.match(String(reply.document['details']), failure.details ?? /(?:)/)
      assert.deepEqual(lab.calls, failure.calls)
      assert.deepEqual(hostEnds(lab), [])
      assert.deepEqual(linkNames(lab.container), [...(failure.left ?? []), 'lo'])
      assert.equal(reply.stderr, '')
    }))

test('bridge ADD that cannot take a step back says why it failed, warns, and goes on taking back', () =>
  withLab(async (lab) => {
    lab.ipam = { cniVersion: '1.1.0', ips: [{ address }], routes: [{ dst: '10.9.0.0/16', gw: '172.16.0.1' }] }
    lab.releaseError = new Error('disk full')
    const { document, stderr } = await lab.call(bridge, 'ADD', config)
    assert.match(String(document['msg']), /^failed to add route '10\.9\.0\.0\/16 via/)
    assert.equal(stderr, 'Cannot undo "IPAM plugin "ipam" ADD": disk full\n')
    assert.deepEqual([hostEnds(lab), linkNames(lab.container)], [[], ['lo']])
  }))

test('bridge DEL reports what IPAM could not do, and a path that is no namespace', () =>
  withLab(async (lab) => {
    lab.releaseError = new Error('disk full')
    const { status, document } = await lab.call(bridge, 'DEL', config, { netns: '/etc/passwd' })
    assert.equal(status, 1)
    assert.match(String(document['msg']), /^disk full\nunknown FS magic on "\/etc\/passwd": [0-9a-f]+$/)
  }))

test('bridge ADD to one new bridge at once from many containers', () =>
  withLab(async (lab) => {
    const names = Array.from({ length: 12 }, (_, index) => index)
    const results = await Promise.all(
      names.map((index) => {
        const ipam = { type: 'static', addresses: [{ address: `10.1.2.${index + 10}/24`, gateway: '10.1.2.1' }] }
        return lab.call(bridge, 'ADD', { ...config, ipam }, { ifName: `eth${index}`, containerId: `c${index}` })
      }),
    )
    for (const { status, document } of results) assert.equal(status, 0, JSON.stringify(document))
    assert.equal(hostEnds(lab).length, names.length)
    assert.equal(ipJson(lab.host, '-4', 'address', 'show', 'dev', 'cni0').length, 1)
    assertShows(ipJsonOne(lab.host, 'link', 'show', 'cni0'), { operstate: 'UP', address: '0a:58:0a:01:02:01' })
  }))

test('bridge DEL without a namespace, or with one that is gone, still asks IPAM', () =>
  withLab(async (lab) => {
    await lab.del(bridge, config, { netns: '' })
    await lab.del(bridge, config, { netns: '/run/netns/absent' })
    const { document } = await lab.call(bridge, 'DEL', config, { netns: '/etc/passwd' })
    assert.match(String(document['msg']), /unknown FS magic on "\/etc\/passwd"/)
    assert.deepEqual(lab.calls, ['DEL ipam', 'DEL ipam', 'DEL ipam'])
  }))

test('bridge CHECK of what ADD made succeeds, and asks IPAM', () =>
  withLab(async (lab) => {
    const prevResult = await lab.add(bridge, config)
    const reply = await lab.call(bridge, 'CHECK', { ...config, prevResult })
    assert.deepEqual(reply, { status: 0, document: {}, stderr: '' })
    assert.deepEqual(lab.calls, ['ADD ipam', 'CHECK ipam'])
  }))

test('bridge gives the kernel the MTU and the MSS that a route of IPAM has', () =>
  withLab(async (lab) => {
    lab.ipam = { cniVersion: '1.1.0', ips: [{ address }], routes: [{ dst: '10.9.0.0/16', mtu: 1400, advmss: 1300 }] }
    await lab.add(bridge, config)
    assert.match(ip(lab.container, 'route', 'show', '10.9.0.0/16'), /mtu 1400 advmss 1300/)
  }))
