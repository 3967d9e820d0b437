import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseIP } from '@patchbay/address'
import { writeSysctl } from '@patchbay/linux/netns'
import { ping } from '@patchbay/linux/packet'
import { bridge } from '@patchbay/plugins/bridge'
import { macvlan } from '@patchbay/plugins/macvlan'
import { type PluginLab, withLab } from '../lab/plugin-lab.ts'
import { ip, ipJsonOne, type JsonObject } from '../lab/witness.ts'

// Why there are deterministic hardware addresses: a container that takes over an address is reached at once.

const networks = {
  bridge: [bridge, { bridge: 'cni0', isGateway: true, ipam: { type: 'ipam' } }],
  macvlan: [macvlan, { master: 'net0', ipam: { type: 'ipam' } }],
} as const

const families = {
  IPv4: (last: number) => ({ address: `10.1.2.${last}/24`, gateway: '10.1.2.1' }),
  IPv6: (last: number) => ({ address: `fd00::${last}/64`, gateway: 'fd00::1' }),
} as const

type Family = keyof typeof families

function addressOf(family: Family): string {
  return families[family](3).address.replace(/\/.*/, '')
}

interface Takeover {
  name: keyof typeof networks
  family: Family
  keys?: JsonObject
}

/**
 * Attaches a container and a peer, has the peer talk to the container, and attaches another one with the same address in
 * its place.
 */
async function takeOver(lab: PluginLab, { name, family, keys }: Takeover): Promise<void> {
  const [plugin, network] = networks[name]
  const config = { ...network, ...keys }
  const answer = (last: number) => ({ cniVersion: '1.1.0', ips: [families[family](last)] })
  ip(lab.host, 'link', 'add', 'net0', 'type', 'veth', 'peer', 'name', 'far0')
  for (const link of ['net0', 'far0']) ip(lab.host, 'link', 'set', link, 'up')
  // Nobody has the addresses, and looking for duplicates takes seconds.
  for (const { netns } of [lab.container, lab.other]) writeSysctl(netns, 'net/ipv6/conf/default/accept_dad', '0')
  lab.ipam = answer(4)
  await lab.add(plugin, config, { container: lab.other, containerId: 'peer' })
  lab.ipam = answer(3)
  await lab.add(plugin, config, { containerId: 'first' })
  await pingFromPeer(lab, family, 5000)
  await lab.del(plugin, config, { containerId: 'first' })
  await lab.add(plugin, config, { containerId: 'second' })
}

function pingFromPeer(lab: PluginLab, family: Family, timeoutMs: number): Promise<number[]> {
  return ping({ netns: lab.other.netns, to: parseIP(addressOf(family)), timeoutMs })
}

/** The hardware address that the peer has for the container. */
function remembered(lab: PluginLab, family: Family): string | undefined {
  return /lladdr (\S+)/.exec(ip(lab.other, 'neighbour', 'show', addressOf(family)))?.[1]
}

function own(lab: PluginLab): string {
  return String(ipJsonOne(lab.container, 'link', 'show', 'eth0')['address'])
}

for (const name of ['bridge', 'macvlan'] as const)
  for (const family of ['IPv4', 'IPv6'] as const)
    test(`${name}: a peer that knows the container that had an ${family} address reaches the next one at once`, () =>
      withLab(async (lab) => {
        await takeOver(lab, { name, family })
        assert.equal(remembered(lab, family), own(lab))
        assert.equal((await pingFromPeer(lab, family, 300)).length, 1)
      }))

test('bridge: with the hardware addresses of the kernel such a peer is misled at first', () =>
  withLab(async (lab) => {
    // A bridge has nobody told of IPv6 addresses, so that this does not depend on whether the news arrived.
    await takeOver(lab, { name: 'bridge', family: 'IPv6', keys: { deterministicMac: false } })
    assert.notEqual(remembered(lab, 'IPv6'), own(lab))
    await assert.rejects(pingFromPeer(lab, 'IPv6', 300), { code: 'ETIMEDOUT' })
  }))

test('bridge: containers come and go, and the gateway keeps its hardware address', () =>
  withLab(async (lab) => {
    const [plugin, config] = networks.bridge
    const macs = new Set<string>()
    for (let round = 0; round < 6; round++) {
      lab.ipam = { cniVersion: '1.1.0', ips: [families.IPv4(10 + round)] }
      const container = round % 2 === 0 ? lab.container : lab.other
      if (round > 1) await lab.del(plugin, config, { container })
      await lab.add(plugin, config, { container })
      macs.add(String(ipJsonOne(lab.host, 'link', 'show', 'cni0')['address']))
    }
    assert.deepEqual([...macs], ['0a:58:0a:01:02:01'])
  }))
