import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseCIDR, parseIP } from '@patchbay/address'
import {
  concat,
  counter,
  ct,
  dnat,
  inetProto,
  inetService,
  ip,
  ipv4Addr,
  masquerade,
  meta,
  Nftables,
  namedMap,
  rule,
  th,
  verdict,
} from '@patchbay/linux/nftables'
import { type TestNamespace, withNamespaces } from '../lab/namespace-fixture.ts'
import { ask, Server } from '../lab/packet-peer.ts'
import { runIn, ip as runIp } from '../lab/witness.ts'

const table = { family: 'inet', name: 'patchbay' } as const
const prerouting = { table, name: 'prerouting', base: { type: 'nat', hook: 'prerouting', priority: 'dstnat' } } as const
const postrouting = {
  table,
  name: 'postrouting',
  base: { type: 'nat', hook: 'postrouting', priority: 'srcnat' },
} as const
const forward = {
  table,
  name: 'forward',
  base: { type: 'filter', hook: 'forward', priority: 0, policy: 'drop' },
} as const
const ports = namedMap({
  table,
  name: 'ports',
  key: [ipv4Addr, inetProto, inetService],
  data: [ipv4Addr, inetService],
})

/** A host that forwards between a client and a container; the two know no way to each other. */
async function withHost(
  work: (places: Record<'host' | 'container' | 'client', TestNamespace>, nft: Nftables) => Promise<void>,
): Promise<void> {
  await withNamespaces(['host', 'container', 'client'], async (places) => {
    const { host } = places
    for (const [name, address] of [
      ['container', '10.0.0'],
      ['client', '192.0.2'],
    ] as const) {
      const place = places[name]
      runIp(host, 'link', 'add', name, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', place.path)
      runIp(host, 'address', 'add', `${address}.1/24`, 'dev', name)
      runIp(place, 'address', 'add', `${address}.2/24`, 'dev', 'eth0')
      runIp(place, 'link', 'set', 'eth0', 'up')
      runIp(host, 'link', 'set', name, 'up')
    }
    runIp(places.container, 'route', 'add', 'default', 'via', '10.0.0.1')
    runIn(host, 'sh', '-c', 'echo 1 >/proc/sys/net/ipv4/ip_forward')
    using nft = Nftables.open({ netns: host.netns })
    await nft.transaction((batch) => {
      batch.addTable(table)
      for (const chain of [prerouting, postrouting, forward]) batch.addChain(chain)
      batch.addSet(ports)
    })
    await work(places, nft)
  })
}

test('an element of a map has packets for an address and a port go to another, until it is deleted', () =>
  withHost(async ({ container, client }, nft) => {
    using _server = await Server.start(container, { name: 'web', port: 8080 })
    const key = (protocol: 'tcp' | 'udp') => [parseIP('192.0.2.1'), protocol, 80] as const
    const data = [parseIP('10.0.0.2'), 8080] as const
    await nft.transaction((batch) => {
      batch.addRule(rule(prerouting, dnat(concat(ip.daddr, meta.l4proto, th.dport).map(ports))))
      batch.addRule(rule(forward, ct.status.has('dnat'), counter(), verdict.accept))
      batch.addElements(ports, [
        { key: key('tcp'), data },
        { key: key('udp'), data },
      ])
    })
    for (const protocol of ['tcp', 'udp'] as const)
      assert.equal(ask(client, { protocol, address: '192.0.2.1', port: 80 }), 'web saw 192.0.2.2')
    await nft.transaction((batch) => batch.deleteElements(ports, [{ key: key('tcp') }]))
    assert.equal(ask(client, { protocol: 'tcp', address: '192.0.2.1', port: 80 }), '')
    assert.equal(ask(client, { protocol: 'udp', address: '192.0.2.1', port: 80 }), 'web saw 192.0.2.2')
  }))

test('a masquerade rule has packets of a network leave with the address of the host', () =>
  withHost(async ({ container, client }, nft) => {
    using _server = await Server.start(client, { name: 'far', port: 80 })
    const net = parseCIDR('10.0.0.0/24')
    await nft.transaction((batch) => {
      batch.addRule(rule(forward, ct.state.has('established', 'related'), verdict.accept))
      batch.addRule(rule(forward, meta.iifname.is('container'), ip.saddr.is(net), verdict.accept))
    })
    const question = { protocol: 'tcp', address: '192.0.2.2', port: 80 } as const
    // The server has no way back to the container.
    assert.equal(ask(container, question), '')
    await nft.transaction((batch) =>
      batch.addRule(rule(postrouting, ip.saddr.is(net), ip.daddr.isNot(net), counter(), masquerade())),
    )
    assert.equal(ask(container, question), 'far saw 192.0.2.1')
    const [{ expressions = [] } = {}] = await nft.listRules(postrouting)
    const counted = expressions.find(({ kind }) => kind === 'counter')?.data
    assert.ok(counted && 'packets' in counted && (counted.packets ?? 0n) > 0n)
  }))
