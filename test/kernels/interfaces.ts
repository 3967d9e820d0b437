import assert from 'node:assert/strict'
import type { Scene } from '../lab/scene.ts'
import type { JsonObject } from '../lab/witness.ts'
import { bothVersions, collect, isReached, network, reach, succeed } from './packets.ts'

/** A plugin that makes an interface, with a network of it. */
export interface InterfaceCase {
  readonly config: JsonObject
  /** For the second container, where the network gives both the same address. */
  readonly second?: JsonObject
  /** A script for the host. */
  readonly prepare?: string
  /** What the first container reaches besides the second one. */
  readonly reaches: readonly string[]
}

const fixed = (host: number): JsonObject => ({
  type: 'static',
  addresses: [{ address: `10.1.2.${host}/24` }, { address: `fd00:1:2::${host}/64` }],
})
const bridge: JsonObject = { bridge: 'cni0', isDefaultGateway: true, ipam: bothVersions }
const gateways = ['10.1.2.1', 'fd00:1:2::1']
const outside = ['192.0.2.2', '2001:db8::2']

export const interfaces: Readonly<Record<string, InterfaceCase>> = {
  'bridge, masquerading by nftables': {
    config: network('bridge', { ...bridge, ipMasq: true, ipMasqBackend: 'nftables' }),
    reaches: [...gateways, ...outside],
  },
  'bridge, masquerading by iptables': {
    config: network('bridge', { ...bridge, ipMasq: true, ipMasqBackend: 'iptables' }),
    reaches: outside,
  },
  'bridge that checks hardware addresses': {
    config: network('bridge', { ...bridge, macspoofchk: true }),
    reaches: gateways,
  },
  ptp: { config: network('ptp', { ipam: bothVersions, ipMasq: true }), reaches: [...gateways, ...outside] },
  macvlan: {
    config: network('macvlan', { master: 'lan0', mode: 'bridge', ipam: bothVersions }),
    prepare: `
      ip link add lan0 type dummy
      ip link set lan0 up`,
    reaches: [],
  },
  'host-local': {
    config: network('bridge', { bridge: 'cni0', isGateway: true, ipam: bothVersions }),
    reaches: gateways,
  },
  static: {
    config: network('bridge', { bridge: 'cni0', isGateway: true, ipam: fixed(2) }),
    second: network('bridge', { bridge: 'cni0', isGateway: true, ipam: fixed(3) }),
    reaches: gateways,
  },
}

/** Attaches two containers, has packets flow, and takes the first away by GC and the second by DEL. */
export async function lifetimes(scene: Scene, each: InterfaceCase): Promise<void> {
  const { config, second = config, prepare = 'true', reaches } = each
  scene.shell(prepare)
  const before = scene.shell('ip -o link show | cut -d: -f2')
  const first = { scene, from: 'c1' }
  const results = {
    c1: succeed(scene, 'ADD', config),
    c2: succeed(scene, 'ADD', second, { container: 'c2' }),
  }
  await reach(first, ...addressesOf(results.c2), ...reaches)
  succeed(scene, 'CHECK', config, { prevResult: results.c1 })
  succeed(scene, 'CHECK', second, { container: 'c2', prevResult: results.c2 })
  collect(scene, config, 'c2')
  assert.equal(linksOf(scene, 'c1').includes('eth0'), false)
  await assert.rejects(reach(first, ...addressesOf(results.c2)))
  assert.equal(linksOf(scene, 'c2').includes('eth0'), true)
  succeed(scene, 'CHECK', second, { container: 'c2', prevResult: results.c2 })
  for (let time = 1; time <= 2; time++) {
    succeed(scene, 'DEL', config, { prevResult: results.c1 })
    succeed(scene, 'DEL', second, { container: 'c2', prevResult: results.c2 })
  }
  assert.equal(linksOf(scene, 'c2').includes('eth0'), false)
  // A bridge stays when its last port leaves.
  assert.deepEqual(scene.shell('ip -o link show | cut -d: -f2').replace(' cni0\n', ''), before)
  assert.equal(scene.shell('find /var/lib -name "10.*" -o -name "fd00*"'), '')
  assert.doesNotMatch(scene.shell('nft list ruleset; iptables-save; ip6tables-save'), /10\.1\.2\.|fd00:1:2:/)
}

/** The container's own loopback interface has no address of a network, and no other container. */
export async function loopbackLifetime(scene: Scene): Promise<void> {
  const config: JsonObject = { cniVersion: '1.1.0', name: 'lo', type: 'loopback' }
  const from = { scene, from: 'c1' }
  assert.equal(await isReached(from, '127.0.0.1'), false)
  const prevResult = succeed(scene, 'ADD', config)
  await reach(from, '127.0.0.1', '::1')
  succeed(scene, 'CHECK', config, { prevResult })
  collect(scene, config)
  await reach(from, '127.0.0.1')
  succeed(scene, 'DEL', config)
  assert.equal(await isReached(from, '127.0.0.1'), false)
}

function linksOf(scene: Scene, container: string): string {
  return scene.inContainer('ip -o link show', container)
}

export function addressesOf({ ips }: JsonObject): string[] {
  const addresses = (Array.isArray(ips) ? ips : []) as { address: string }[]
  return addresses.map(({ address }) => address.replace(/\/.*/, ''))
}
