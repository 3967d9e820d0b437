import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MAC, parseCIDR, parseIP } from '@patchbay/address'
import {
  addTo,
  clampMaxSegment,
  comment,
  concat,
  counter,
  ct,
  dnat,
  ether,
  fib,
  icmp,
  ip,
  ip6,
  limit,
  log,
  masquerade,
  meta,
  Nftables,
  quota,
  redirect,
  reject,
  rule,
  snat,
  tcp,
  th,
  udp,
  verdict,
} from '@patchbay/linux/nftables'
import {
  a,
  b,
  forward,
  input,
  json,
  listed,
  listedRules,
  marks,
  net,
  places,
  ports,
  ports6,
  postrouting,
  prerouting,
  ranges,
  seen,
  verdicts,
  withTable,
} from '../lab/linux-nftables-lab.ts'
import { withNamespaces } from '../lab/namespace-fixture.ts'

const emptyTable = [
  'table inet t {',
  'comment "of a test"',
  'map ports {',
  'type ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service',
  'comment "forwarded"',
  '}',
  'map ports6 {',
  'type ipv6_addr . inet_service : ipv6_addr . inet_service',
  '}',
  'map verdicts {',
  'type ifname : verdict',
  '}',
  'set ranges {',
  'type ipv4_addr',
  'flags interval',
  '}',
  'set places {',
  'type ipv4_addr . inet_service',
  'flags interval',
  '}',
  'set seen {',
  'type ipv4_addr',
  'size 9',
  'flags dynamic,timeout',
  'timeout 1m',
  'gc-interval 1s',
  '}',
  'set marks {',
  'type mark',
  '}',
  'chain input {',
  'type filter hook input priority filter; policy drop;',
  '}',
  'chain forward {',
]

test('Nftables.transaction() makes tables, chains and sets that nft shows as they were meant', () =>
  withTable(async (_, host) => {
    assert.deepEqual(
      json(host, 'table').map(({ family, name }) => [family, name]),
      [['inet', 't']],
    )
    assert.deepEqual(
      json(host, 'chain').map(({ name, type, hook, prio, policy }) => [name, type, hook, prio, policy]),
      [
        ['input', 'filter', 'input', 0, 'drop'],
        ['forward', 'filter', 'forward', -7, 'accept'],
        ['prerouting', 'nat', 'prerouting', -100, 'accept'],
        ['postrouting', 'nat', 'postrouting', 100, 'accept'],
        ['web', undefined, undefined, undefined, undefined],
      ],
    )
    assert.deepEqual(listed(host, 'table', 'inet', 't').slice(0, emptyTable.length), emptyTable)
  }))

/** Rules by how `nft` prints them. */
const rules = {
  'ct state established,related accept': [ct.state.has('established', 'related'), verdict.accept],
  'ct state ! invalid accept': [ct.state.hasNot('invalid'), verdict.accept],
  'ct status dnat accept': [ct.status.has('dnat'), verdict.accept],
  'ct direction original accept': [ct.direction.is('original'), verdict.accept],
  'iifname "lo" oifname != "eth0" accept': [meta.iifname.is('lo'), meta.oifname.isNot('eth0'), verdict.accept],
  'iifname "veth*" accept': [meta.iifname.startsWith('veth'), verdict.accept],
  'iif "lo" accept': [meta.iif.is(1), verdict.accept],
  'iifname vmap @verdicts': [meta.iifname.vmap(verdicts)],
  'meta mark & 0x00002000 == 0x00002000 return': [meta.mark.and(0x2000).is(0x2000), verdict.return],
  'meta mark set meta mark | 0x00002000': [meta.mark.setBits(0x2000)],
  'meta mark set meta mark & 0xffffdfff': [meta.mark.setBits(0, 0x2000)],
  'meta mark set 0x00000005 ct mark set meta mark': [meta.mark.set(5), ct.mark.set(meta.mark)],
  'meta mark @marks drop': [meta.mark.in(marks), verdict.drop],
  'meta l4proto tcp accept': [meta.l4proto.is('tcp'), verdict.accept],
  'meta nfproto ipv6 accept': [meta.nfproto.is('ipv6'), verdict.accept],
  'meta pkttype broadcast meta skuid 0 meta cgroup 5 drop': [
    meta.pkttype.is('broadcast'),
    meta.skuid.is(0),
    meta.cgroup.is(5),
    verdict.drop,
  ],
  'tcp dport 80 tcp sport != 1024-65535 accept': [
    tcp.dport.is(80),
    tcp.sport.isNotBetween(1024, 65535),
    verdict.accept,
  ],
  'udp dport 80-90 accept': [udp.dport.isBetween(80, 90), verdict.accept],
  'tcp dport > 1023 accept': [tcp.dport.compare('gt', 1023), verdict.accept],
  'th dport 53 accept': [th.dport.is(53), verdict.accept],
  'ip saddr 10.0.0.0/24 ip daddr != 10.0.0.2 accept': [ip.saddr.is(net), ip.daddr.isNot(b), verdict.accept],
  'ip saddr != 10.0.0.0/9 ip protocol icmp accept': [
    ip.saddr.isNot(parseCIDR('10.0.0.0/9')),
    ip.protocol.is('icmp'),
    verdict.accept,
  ],
  'ip saddr 10.0.0.1-10.0.0.2 accept': [ip.saddr.isBetween(a, b), verdict.accept],
  'ip saddr @ranges ip daddr != @ranges drop': [ip.saddr.in(ranges), ip.daddr.notIn(ranges), verdict.drop],
  'ip saddr . tcp dport @places drop': [concat(ip.saddr, tcp.dport).in(places), verdict.drop],
  'ip6 saddr fd00::/61 ip6 daddr fd00::1 accept': [
    ip6.saddr.is(parseCIDR('fd00::/61')),
    ip6.daddr.is(parseIP('fd00::1')),
    verdict.accept,
  ],
  'icmp type echo-request accept': [icmp.type.is('echo-request'), verdict.accept],
  'ether saddr 02:00:00:00:00:01 drop': [ether.saddr.is(MAC.parse('02:00:00:00:00:01')), verdict.drop],
  'fib daddr type local accept': [fib.daddrType.is('local'), verdict.accept],
  'fib saddr . iif oif missing drop': [fib.saddrIif.is('missing'), verdict.drop],
  'limit rate 10/minute burst 3 packets accept': [limit(10, { per: 'minute', burst: 3 }), verdict.accept],
  'limit rate over 2 mbytes/second drop': [limit(2 * 2 ** 20, { bytes: true, over: true }), verdict.drop],
  'quota over 1000 bytes drop': [quota(1000n, { over: true }), verdict.drop],
  'counter packets 0 bytes 0 log prefix "hi " level debug': [counter(), log({ prefix: 'hi ', level: 'debug' })],
  'log prefix "x" group 3': [log({ prefix: 'x', group: 3 })],
  reject: [reject()],
  'reject with icmpx admin-prohibited': [reject('admin_prohibited')],
  'meta l4proto tcp reject with tcp reset': [reject('tcp reset')],
  'add @seen { ip saddr timeout 7s }': [addTo(seen, ip.saddr, { timeoutMs: 7000 })],
  'tcp dport 443 goto web comment "whose it is"': [tcp.dport.is(443), verdict.goto('web'), comment('whose it is')],
}

test('rule() makes rules that nft prints as one would write them', () =>
  withTable(async (nft, host) => {
    await nft.transaction((batch) => {
      for (const parts of Object.values(rules)) batch.addRule(rule(input, ...parts))
      batch.addRule(rule(forward, clampMaxSegment()))
    })
    assert.deepEqual(listedRules(host, input), Object.keys(rules))
    assert.deepEqual(listedRules(host, forward), ['meta l4proto tcp tcp option maxseg size set rt mtu'])
  }))

test('dnat(), snat(), masquerade() and redirect() make rules that nft prints as one would write them', () =>
  withTable(async (nft, host) => {
    const before = {
      'tcp dport 81 dnat ip to 10.0.0.1:8080': [tcp.dport.is(81), dnat(a, { port: 8080 })],
      'dnat ip6 to fd00::1': [dnat(parseIP('fd00::1'))],
      'tcp dport 82 dnat ip to 10.0.0.1-10.0.0.2:80-90 random,persistent': [
        tcp.dport.is(82),
        dnat(a, { lastAddress: b, port: 80, lastPort: 90, random: true, persistent: true }),
      ],
      'udp dport 83 redirect to :8080': [udp.dport.is(83), redirect(8080)],
      'dnat ip to ip daddr . meta l4proto . th dport map @ports': [
        dnat(concat(ip.daddr, meta.l4proto, th.dport).map(ports)),
      ],
      'dnat ip6 to ip6 daddr . tcp dport map @ports6': [dnat(concat(ip6.daddr, tcp.dport).map(ports6))],
    }
    const after = {
      'snat ip to 10.0.0.1': [snat(a)],
      'ip saddr 10.0.0.0/24 ip daddr != 10.0.0.0/24 masquerade fully-random': [
        ip.saddr.is(net),
        ip.daddr.isNot(net),
        masquerade({ fullyRandom: true }),
      ],
      'meta l4proto tcp masquerade to :1000-2000': [meta.l4proto.is('tcp'), masquerade({ port: 1000, lastPort: 2000 })],
    }
    await nft.transaction((batch) => {
      for (const parts of Object.values(before)) batch.addRule(rule(prerouting, ...parts))
      for (const parts of Object.values(after)) batch.addRule(rule(postrouting, ...parts))
    })
    assert.deepEqual(listedRules(host, prerouting), Object.keys(before))
    assert.deepEqual(listedRules(host, postrouting), Object.keys(after))
  }))

test('rule() brings what a field depends on once, and by the family of the table', () =>
  withNamespaces(['host'], async ({ host }) => {
    using nft = Nftables.open({ netns: host.netns })
    const chains = (['ip', 'ip6', 'inet', 'bridge'] as const).map((family) => ({
      table: { family, name: 't' },
      name: 'c',
    }))
    await nft.transaction((batch) => {
      for (const chain of chains) {
        batch.addTable(chain.table)
        batch.addChain(chain)
        const field = chain.table.family === 'ip6' ? ip6 : ip
        const address = chain.table.family === 'ip6' ? parseIP('fd00::1') : a
        batch.addRule(rule(chain, field.saddr.is(address), field.daddr.is(address), tcp.sport.is(1), tcp.dport.is(2)))
      }
    })
    const lengths = await Promise.all(chains.map(async (chain) => (await nft.listRules(chain))[0]?.expressions.length))
    assert.deepEqual(lengths, [10, 10, 12, 12])
    for (const { table } of chains) {
      const [version, address] = table.family === 'ip6' ? ['ip6', 'fd00::1'] : ['ip', '10.0.0.1']
      const text = `${version} saddr ${address} ${version} daddr ${address} tcp sport 1 tcp dport 2`
      assert.ok(listed(host, 'chain', table.family, 't', 'c').includes(text), table.family)
    }
  }))
