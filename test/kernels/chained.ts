import assert from 'node:assert/strict'
import { ask, Server } from '../lab/packet-peer.ts'
import type { Scene } from '../lab/scene.ts'
import { assertShows, ipJsonOne, type JsonObject } from '../lab/witness.ts'
import { bothVersions, collect, isReached, network, reach, succeed } from './packets.ts'

const backends = ['nftables', 'iptables'] as const
type Backend = (typeof backends)[number]

/** The lifetimes of plugins that come after another, by plugin and, where it has some, by backend. */
export const chained: Readonly<Record<string, (scene: Scene) => Promise<void>>> = {
  ...Object.fromEntries(
    backends.flatMap((backend) => [
      [`portmap by ${backend}`, (scene: Scene) => portmapLifetime(scene, backend)],
      [`firewall by ${backend}`, (scene: Scene) => firewallLifetime(scene, backend)],
    ]),
  ),
  bandwidth: bandwidthLifetime,
  sbr: sbrLifetime,
  tuning: tuningLifetime,
}

/** Attaches the first container to a bridge. */
function attach(scene: Scene): JsonObject {
  return succeed(
    scene,
    'ADD',
    network('bridge', { bridge: 'cni0', isDefaultGateway: true, ipMasq: true, ipam: bothVersions }),
  )
}

async function portmapLifetime(scene: Scene, backend: Backend): Promise<void> {
  const runtimeConfig = { portMappings: [{ hostPort: 8080, containerPort: 80, protocol: 'tcp' }] }
  const config = network('portmap', { backend, runtimeConfig })
  const [web, client] = ['c1', 'outside'].map((name) => ({ path: scene.netnsOf(name) }))
  assert.ok(web && client)
  const prevResult = attach(scene)
  using _ = await Server.start(web, { name: 'web', port: 80 })
  const answers = () =>
    ['192.0.2.1', '2001:db8::1'].map((address) => ask(client, { protocol: 'tcp', address, port: 8080 }))
  for (const end of [() => collect(scene, config), () => succeed(scene, 'DEL', config, { prevResult })]) {
    succeed(scene, 'ADD', config, { prevResult })
    assert.deepEqual(answers(), ['web saw 192.0.2.2', 'web saw 2001:db8::2'])
    succeed(scene, 'CHECK', config, { prevResult })
    end()
    assert.deepEqual(answers(), ['', ''])
  }
}

async function firewallLifetime(scene: Scene, backend: Backend): Promise<void> {
  const config = network('firewall', { backend })
  const prevResult = attach(scene)
  scene.shell(close[backend])
  const from = { scene, from: 'c1' }
  const outside = ['192.0.2.2', '2001:db8::2'] as const
  for (const end of [() => collect(scene, config), () => succeed(scene, 'DEL', config, { prevResult })]) {
    for (const address of outside) assert.equal(await isReached(from, address), false)
    succeed(scene, 'ADD', config, { prevResult })
    await reach(from, ...outside)
    succeed(scene, 'CHECK', config, { prevResult })
    end()
  }
  for (const address of outside) assert.equal(await isReached(from, address), false)
}

/** Packets pass both devices; how quickly is tested where nothing slows the machine down. */
async function bandwidthLifetime(scene: Scene): Promise<void> {
  const prevResult = attach(scene)
  const [rate, burst] = [80_000, 24_000]
  const config = network('bandwidth', { ingressRate: rate, ingressBurst: burst, egressRate: rate, egressBurst: burst })
  const shaped = (): string[] => scene.shell('tc qdisc show').match(/qdisc tbf 1: dev \S+ root .* rate 80Kbit/g) ?? []
  for (const end of [() => collect(scene, config), () => succeed(scene, 'DEL', config, { prevResult })]) {
    const result = succeed(scene, 'ADD', config, { prevResult })
    assert.equal(shaped().length, 2)
    await reach({ scene, from: 'c1' }, '192.0.2.2', '2001:db8::2')
    succeed(scene, 'CHECK', config, { prevResult: result })
    end()
    assert.equal(scene.shell('ip -o link show type ifb'), '')
  }
}

/** The container is on a second network, whose other end knows no way to the first one. */
async function sbrLifetime(scene: Scene): Promise<void> {
  attach(scene)
  const second = network('bridge', {
    bridge: 'cni1',
    isGateway: true,
    ipam: { type: 'host-local', subnet: '10.9.0.0/24' },
  })
  const options = { ifName: 'eth1' }
  const prevResult = succeed(scene, 'ADD', second, options)
  const config = network('sbr', {})
  const leavesBy = (): string =>
    scene.inContainer('ip -o route get 192.0.2.2 from 10.9.0.2').replace(/.* dev (\S+).*\n/, '$1')
  assert.equal(leavesBy(), 'eth0')
  for (const end of ['DEL', 'GC']) {
    succeed(scene, 'ADD', config, { ...options, prevResult })
    assert.equal(leavesBy(), 'eth1')
    scene.inContainer('ping -c 1 -W 20 -I 10.9.0.2 192.0.2.1')
    succeed(scene, 'CHECK', config, { ...options, prevResult })
    if (end === 'DEL') succeed(scene, 'DEL', config, { ...options, prevResult })
    else {
      scene.inContainer('ip link delete eth1')
      collect(scene, config)
    }
    assert.doesNotMatch(scene.inContainer('ip rule show'), /proto 112/)
  }
}

async function tuningLifetime(scene: Scene): Promise<void> {
  const mac = '02:00:00:00:00:07'
  const keys = { mac, mtu: 1400, promisc: true, allmulti: true, txQLen: 500 }
  const config = network('tuning', { ...keys, sysctl: { 'net.ipv4.conf.IFNAME.log_martians': '1' } })
  const prevResult = attach(scene)
  const place = { path: scene.netnsOf('c1') }
  const before = ipJsonOne(place, 'link', 'show', 'eth0')
  succeed(scene, 'ADD', config, { prevResult })
  assertShows(ipJsonOne(place, 'link', 'show', 'eth0'), { address: mac, mtu: 1400, txqlen: 500 })
  // Its neighbours learn the new hardware address.
  await reach({ scene, from: 'c1' }, '192.0.2.2', '2001:db8::2')
  succeed(scene, 'CHECK', config, { prevResult })
  succeed(scene, 'DEL', config, { prevResult })
  assertShows(ipJsonOne(place, 'link', 'show', 'eth0'), before)
  await reach({ scene, from: 'c1' }, '192.0.2.2', '2001:db8::2')
  succeed(scene, 'ADD', config, { prevResult })
  collect(scene, config)
  assert.equal(scene.shell('ls -A /run/cni/tuning'), '')
}

/** Has a host forward nothing that is not allowed. */
const close: Readonly<Record<(typeof backends)[number], string>> = {
  iptables: 'for tool in iptables ip6tables; do $tool -P FORWARD DROP; done',
  nftables: `
    nft add table inet patchbay
    nft 'add chain inet patchbay firewall-forward { type filter hook forward priority filter; policy drop; }'`,
}
