import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { type NetlinkRequest, type NetlinkSocket, NLM_F, type Operation } from '@patchbay/linux/netlink'
import { request, Writer } from '@patchbay/linux/netlink/raw'
import { type Expression, openNetfilterSocket } from '@patchbay/linux/nftables'
import {
  batchFrame,
  chainOperations,
  elementOperations,
  objectOperations,
  ruleOperations,
  setOperations,
  tableOperations,
} from '@patchbay/linux/nftables/raw'
import { type TestNamespace, withNamespaces } from '../lab/namespace-fixture.ts'
import { runIn } from '../lab/witness.ts'

/** What `nft` of version 1.0.6 can say and this kernel takes, as far as it goes. */
const corpus = {
  inet: `
table inet corpus {
  comment "all of it"
  counter c1 { packets 3 bytes 400; comment "counts"; }
  quota q1 { over 100 mbytes; }
  limit l1 { rate 400/hour; }
  map ports { typeof ip daddr . tcp dport : ip daddr . tcp dport; comment "m"; elements = { 10.0.0.1 . 80 comment "el" : 10.1.1.1 . 8080 } }
  map proto { type inet_proto . inet_service : ipv4_addr . inet_service; elements = { tcp . 80 : 10.1.1.1 . 8080 } }
  map six { type ipv6_addr . inet_proto . inet_service : ipv6_addr . inet_service; elements = { fd00::1 . tcp . 80 : fd00::2 . 8080 } }
  set nets { type ipv4_addr; flags interval; elements = { 10.0.0.0/8, 192.168.1.1-192.168.1.9, 224.0.0.0/3 comment "open" } }
  set places { type ipv4_addr . inet_service; flags interval; elements = { 10.0.0.0/8 . 80-90, 11.0.0.1 . 1 } }
  map chains { type ifname : verdict; elements = { "eth0" : jump x, "eth1" : accept } }
  map counters { type ipv4_addr : counter; elements = { 1.2.3.4 : "c1" } }
  set counted { type ipv4_addr; counter; elements = { 1.1.1.1 counter packets 5 bytes 6 } }
  set dyn { type ipv4_addr; size 1000; flags dynamic,timeout; timeout 1m; gc-interval 10s; }
  set seen { type ipv4_addr . inet_service; size 1000; flags dynamic; }
  set macs { type ether_addr; elements = { 02:00:00:00:00:01 } }
  set marks { type mark; elements = { 0x1, 0x20 } }
  chain x { comment "jumped to"; return; }
  chain y { accept; }
  chain input {
    type filter hook input priority filter + 5; policy drop;
    ct state established,related accept comment "known"
    ct state invalid drop
    ct state vmap { established : accept, new : jump x }
    ct state != new accept
    ct status dnat accept
    ct direction original accept
    ct mark 0x1 accept
    ct mark & 0xff == 0x1 accept
    ct mark set 0x7
    ct zone 5 accept
    ct count over 10 drop
    iifname "lo" accept
    iifname != "lo" accept
    iifname "veth*" accept
    iifname vmap @chains
    iif 1 accept
    meta mark & 0x2000 == 0x2000 return
    meta mark set meta mark | 0x2000
    meta mark set ct mark
    meta mark set 0x5
    ct mark set meta mark
    meta mark @marks accept
    meta l4proto { tcp, udp } accept
    meta nfproto ipv4 accept
    meta pkttype broadcast accept
    meta skuid 0 accept
    meta cgroup 5 accept
    meta length 100-200 accept
    tcp dport 80 accept
    tcp dport 80-90 accept
    tcp dport != 80-90 accept
    tcp dport > 1024 accept
    udp sport { 1, 2 } accept
    sctp dport 9 accept
    th dport 53 accept
    tcp dport vmap { 1 : accept, 2-10 : goto y }
    tcp flags & (syn|ack) == syn accept
    tcp option maxseg size 1400 accept
    ip protocol icmp accept
    ip saddr 10.0.0.0/9 accept
    ip saddr != 10.0.0.0/8 accept
    ip saddr 10.0.0.1-10.0.0.9 accept
    ip saddr @nets accept
    ip saddr != @nets drop
    ip saddr . tcp dport @places accept
    ip saddr . tcp dport { 1.2.3.4 . 80, 10.0.0.0/8 . 90-100 } accept
    ip ttl set 9
    ip dscp cs1 accept
    ip6 saddr fd00::/64 accept
    ip6 saddr fd00::/61 accept
    ip6 saddr { fd00::1, fd00::2 } accept
    ether saddr 02:00:00:00:00:01 accept
    ether saddr @macs accept
    icmp type echo-request accept
    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept
    fib daddr type local accept
    fib saddr . iif oif missing drop
    limit rate 10/second burst 5 packets accept
    limit rate over 1 mbytes/second drop
    limit name "l1" accept
    log prefix "hi " level debug flags all
    log group 3 prefix "x" snaplen 64
    reject
    reject with tcp reset
    reject with icmpx type admin-prohibited
    reject with icmp type host-unreachable
    counter name "c1"
    counter name ip saddr map @counters
    quota name "q1"
    quota over 25 mbytes drop
    counter packets 3 bytes 4 drop
    add @dyn { ip saddr timeout 10s }
    update @seen { ip saddr . tcp dport limit rate 5/second }
    jhash ip saddr mod 2 vmap { 0 : accept, 1 : drop }
    numgen inc mod 3 vmap { 0 : accept, 1 : drop, 2 : continue }
  }
  chain forward { type filter hook forward priority mangle; tcp flags syn tcp option maxseg size set rt mtu; }
  chain raw { type filter hook prerouting priority raw; notrack; }
  chain prerouting {
    type nat hook prerouting priority dstnat;
    tcp dport 1 dnat ip to 10.0.0.1:80
    tcp dport 2 dnat ip6 to [fd00::1]:80
    dnat ip to 10.0.0.1-10.0.0.9
    tcp dport 80 dnat ip to 10.0.0.1:80-90 random,persistent
    tcp dport 80 redirect to :8080
    dnat ip to ip daddr . tcp dport map @ports
    dnat ip to meta l4proto . th dport map @proto
    dnat ip6 to ip6 daddr . meta l4proto . th dport map @six
    dnat ip to tcp dport map { 80 : 10.0.0.1, 81 : 10.0.0.2 }
    dnat ip to numgen random mod 2 map { 0 : 10.0.0.1, 1 : 10.0.0.2 }
  }
  chain postrouting {
    type nat hook postrouting priority srcnat;
    ip saddr 10.0.0.0/24 ip daddr != 10.0.0.0/24 counter masquerade comment "rc"
    snat ip to 1.2.3.4
    tcp dport 3 snat ip6 to [fd00::1]:80 fully-random
    masquerade random
    meta l4proto tcp masquerade to :1000-2000
    ip saddr 10.0.0.1 return
    oifname { "a", "b" } masquerade
  }
}
`,
  others: `
table ip corpus {
  map verdicts { type ipv4_addr . inet_service : verdict; elements = { 10.0.0.1 . 22 : accept, 10.0.0.2 . 23 : goto c } }
  chain c { ip daddr 10.0.0.1 tcp dport 80 accept; }
  chain route { type route hook output priority mangle; ip daddr . tcp dport vmap @verdicts; meta mark set 0x1; }
  chain out { type nat hook output priority -100; ip daddr 1.2.3.4 tcp dport 80 dnat to 10.0.0.1:8080; }
}
table ip6 corpus {
  set s { type ipv6_addr; flags interval; elements = { fd00::/8, fe80::1-fe80::5 } }
  chain f { type filter hook forward priority 0; ip6 saddr @s accept; ip6 nexthdr tcp accept; icmpv6 type echo-request reject; }
  chain n { type nat hook prerouting priority -100; tcp dport 80 dnat to [fd00::1]:8080; }
}
table bridge corpus {
  set pair { type ether_addr . ifname; elements = { 02:00:00:00:00:01 . "veth0" } }
  chain f { type filter hook forward priority filter; ether saddr . iifname != @pair drop; ether type arp accept; ip saddr 10.0.0.1 accept; }
}
table netdev corpus {
  chain in { type filter hook ingress device lo priority 0; ip saddr 10.0.0.1 drop; }
}
table arp corpus {
  chain in { type filter hook input priority 0; arp operation request accept; }
}
table inet dormant { flags dormant; chain a { type filter hook ingress device lo priority 0; accept; }
}
`,
} as const

/** Loads a file of rules as `nft` does. */
function load(place: TestNamespace, rules: string): void {
  const command = [`--net=${place.path}`, '--', 'nft', '-f', '-']
  const { status, stderr } = spawnSync('nsenter', command, { input: rules, encoding: 'utf8' })
  assert.equal(status, 0, stderr)
}

/** All objects of one kind, of which each must be as long when it is encoded again. */
async function dumpExactly<V extends object>(
  socket: NetlinkSocket,
  { get, new: reply }: { get: Operation<V, V>; new: Operation<V, V> },
  value: V,
): Promise<V[]> {
  const exact: Operation<V, V> = {
    ...reply,
    body: {
      ...reply.body,
      read(body) {
        const decoded = reply.body.read(body)
        const w = new Writer()
        reply.body.write(w, decoded)
        assert.equal(
          w.length,
          body.length,
          JSON.stringify(decoded, (_, part) => (typeof part === 'bigint' ? `${part}n` : part)),
        )
        return decoded
      },
    },
  }
  return socket.list(request(get, value), exact)
}

interface InTable {
  family?: number
  table?: string | undefined
  name?: string | undefined
}

/** Requests that make what a namespace has, from what the kernel lists there. */
async function requestsFor(socket: NetlinkSocket): Promise<NetlinkRequest[]> {
  const create = <V>(operation: Operation<V, V>, value: V) => request(operation, value, NLM_F.CREATE | NLM_F.APPEND)
  const own = { handle: undefined, use: undefined }
  const tables = await dumpExactly(socket, tableOperations, {})
  const chains = await dumpExactly(socket, chainOperations, {})
  const objects = await dumpExactly(socket, objectOperations, {})
  const sets = await dumpExactly(socket, setOperations, {})
  const lists = await Promise.all(
    sets.map(({ family = 0, table, name }) => dumpExactly(socket, elementOperations, { family, table, set: name })),
  )
  const rules = await dumpExactly(socket, ruleOperations, {})
  const id = new Map(sets.map((set, index) => [nameOf(set), index + 1]))
  return [
    ...tables.map((table) => create(tableOperations.new, { ...table, ...own })),
    ...chains.map((chain) => create(chainOperations.new, { ...chain, ...own })),
    ...objects.map((object) => create(objectOperations.new, { ...object, ...own })),
    ...sets.map((set) =>
      create(setOperations.new, { ...set, ...own, type: undefined, count: undefined, id: id.get(nameOf(set)) }),
    ),
    ...lists.flat().map((list) => create(elementOperations.new, list)),
    ...rules.map((rule) =>
      create(ruleOperations.new, {
        ...rule,
        handle: undefined,
        position: undefined,
        expressions: rule.expressions?.map(sendable),
      }),
    ),
  ]
}

/** The kernel lists attributes that it does not take: a timeout of a set without any, flags of a header that is written. */
function sendable(expression: Expression): Expression {
  const { kind, data } = expression
  if (kind === 'dynset' && data?.timeout === 0n) return { kind, data: { ...data, timeout: undefined } }
  if (kind === 'exthdr' && data?.sreg !== undefined) return { kind, data: { ...data, flags: undefined } }
  return expression
}

function nameOf({ family, table, name }: InTable): string {
  return `${family} ${table} ${name}`
}

for (const [name, rules] of Object.entries(corpus)) {
  test(`what the kernel lists of "${name}" is decoded, as long when encoded again, and makes the same rules`, () =>
    withNamespaces(['original', 'copy'], async ({ original, copy }) => {
      load(original, rules)
      using from = openNetfilterSocket({ netns: original.netns })
      using to = openNetfilterSocket({ netns: copy.netns })
      const requests = await requestsFor(from)
      await to.requestBatch(requests, batchFrame())
      const listed = runIn(original, 'nft', '-s', 'list', 'ruleset')
      assert.ok(listed.split('\n').length > 30)
      assert.equal(runIn(copy, 'nft', '-s', 'list', 'ruleset'), listed)
    }))
}
