import { parseIP } from '@patchbay/address'
import { ping } from '@patchbay/linux/packet'
import { bridge } from '@patchbay/plugins/bridge'
import { type TestNamespace, withNamespaces } from './namespace-fixture.ts'
import { type CallOptions, PluginLab } from './plugin-lab.ts'
import { ip, type JsonObject, runIn } from './witness.ts'

/** Addresses by IP version: of the host towards the outside, of the outside, of the two containers. */
export const addresses = {
  4: { host: '192.0.2.1', second: '192.0.2.3', outside: '192.0.2.2', container: '10.1.2.2', other: '10.1.2.3' },
  6: {
    host: '2001:db8::1',
    second: '2001:db8::3',
    outside: '2001:db8::2',
    container: 'fd00:1:2::2',
    other: 'fd00:1:2::3',
  },
} as const

export const versions = [4, 6] as const

/** A host that has containers on one side and a machine outside on the other, which knows no way to the containers. */
export interface PacketLab {
  readonly lab: PluginLab
  readonly outside: TestNamespace
}

/** What the address of `container` or `other` is said to be by the IPAM plugin. */
function ipamAnswer(who: 'container' | 'other'): JsonObject {
  return {
    cniVersion: '1.1.0',
    ips: [
      { address: `${addresses[4][who]}/24`, gateway: '10.1.2.1' },
      { address: `${addresses[6][who]}/64`, gateway: 'fd00:1:2::1' },
    ],
  }
}

export const bridgeConfig: JsonObject = { bridge: 'cni0', isDefaultGateway: true, ipam: { type: 'ipam' } }

/** How `container` or `other` is called. */
export function callOptions(lab: PluginLab, who: 'container' | 'other'): CallOptions {
  return { container: lab[who], containerId: who }
}

/** Attaches a container to a bridge, and returns the result. */
export function attach(lab: PluginLab, who: 'container' | 'other', keys: JsonObject = {}): Promise<JsonObject> {
  lab.ipam = ipamAnswer(who)
  return lab.add(bridge, { ...bridgeConfig, ...keys }, callOptions(lab, who))
}

export async function withPacketLab(work: (lab: PacketLab) => Promise<void>): Promise<void> {
  await withNamespaces(['host', 'container', 'other', 'outside'], async ({ outside, ...namespaces }) => {
    const { host } = namespaces
    for (const place of [host, outside]) {
      runIn(place, 'sh', '-c', 'echo 0 >/proc/sys/net/ipv6/conf/default/accept_dad')
      ip(place, 'link', 'set', 'lo', 'up')
    }
    ip(host, 'link', 'add', 'up0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', outside.path)
    for (const version of versions) {
      const { host: first, second, outside: other } = addresses[version]
      const length = version === 4 ? 24 : 64
      ip(host, 'address', 'add', `${first}/${length}`, 'dev', 'up0')
      // The host answers at its second address, but chooses the first for what it sends.
      ip(host, 'address', 'add', `${second}/${length}`, 'dev', 'up0', 'preferred_lft', '0')
      ip(outside, 'address', 'add', `${other}/${length}`, 'dev', 'eth0')
    }
    ip(host, 'link', 'set', 'up0', 'up')
    ip(outside, 'link', 'set', 'eth0', 'up')
    // Links take up to a second to be ready for IPv6, and nobody is to wait for that later. The kernel has one queue for that in
    // all namespaces: while another test makes links by the thousand, it takes longer than ten.
    for (const { outside: to } of Object.values(addresses)) await untilReachable(host, to)
    using lab = new PluginLab(namespaces)
    await work({ lab, outside })
  })
}

async function untilReachable({ netns }: TestNamespace, to: string): Promise<void> {
  for (let attempt = 1; ; attempt++)
    try {
      await ping({ netns, to: parseIP(to), timeoutMs: 500 })
      return
    } catch (error) {
      if (attempt === 100) throw error
    }
}
