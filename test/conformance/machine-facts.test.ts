import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { changes, factsOf } from '../lab/machine-facts.ts'
import { ListCaller, networkLists, prepareHost } from '../lab/network-lists.ts'
import { World } from '../lab/world.ts'

let world: World
before(async () => {
  world = await World.open({ containers: ['c1'], containerDad: false })
  world.shell(prepareHost)
})
after(() => world[Symbol.dispose]())

/** What scripts do to a machine, and what of it must be seen. */
const deeds: Readonly<Record<string, RegExp>> = {
  'ip link set lan mtu 1400': /^~ host: link lan: mtu: 1500 → 1400$/m,
  'ip -n c1 link set lo up': /^~ c1: link lo: flags: .*"UP"/m,
  'ip -n c1 addr add 127.0.0.2/8 dev lo': /^\+ c1: link lo: address local 127\.0\.0\.2 prefixlen 8: /m,
  'ip -n c1 route add unreachable 10.0.0.0/8': /^\+ c1: route type unreachable dst 10\.0\.0\.0\/8 /m,
  'ip rule add from 10.0.0.1 lookup 7': /^\+ host: rule .*10\.0\.0\.1/m,
  'ip neigh add 10.0.0.1 lladdr 02:00:00:00:00:01 dev lan': /^\+ host: neighbour dst 10\.0\.0\.1 dev lan/m,
  'bridge fdb add 02:00:00:00:00:01 dev lan self': /^\+ host: forwarding .*02:00:00:00:00:01/m,
  'echo 1 >/proc/sys/net/ipv4/ip_forward': /^~ host: sysctl ipv4\/ip_forward: 0 → 1$/m,
  'tc qdisc add dev lan root tbf rate 1mbit burst 10k limit 10k': /^\+ host: queueing .*tbf/m,
  'tc qdisc add dev lan ingress; tc filter add dev lan ingress u32 match u32 0 0 flowid 1:1':
    /^\+ host: filter lan in .*u32/m,
  'nft add table ip t; nft add chain ip t c': /^\+ host: nft family ip table t chain c/m,
  'nft add set ip t s { type ipv4_addr \\; }; nft add element ip t s { 10.0.0.1 }':
    /^\+ host: nft .*set s element "10\.0\.0\.1"/m,
  'nft add rule ip t c ip saddr 10.0.0.1 drop': /^\+ host: nft family ip table t chain c .*drop/m,
  'ip6tables -A FORWARD -s fd00::1 -j DROP': /^\+ host: ip6tables filter -A FORWARD -s fd00::1\/128 -j DROP/m,
  'nsenter --net=/run/netns/c1 iptables -N OWN': /^\+ c1: iptables filter :OWN -/m,
  'mkdir -m 700 /var/lib/a; echo text >/var/lib/a/b; ln -s b /var/lib/a/c':
    /^\+ files: \/var\/lib\/a: folder 700\n\+ files: \/var\/lib\/a\/b: file \d+ text\n\n\+ files: \/var\/lib\/a\/c: link b$/m,
}

test('factsOf() sees each change of a machine, and nothing when there was none', () => {
  for (const [script, seen] of Object.entries(deeds)) {
    const was = factsOf(world)
    assert.deepEqual(changes(was, factsOf(world)), [])
    world.shell(script)
    assert.match(changes(was, factsOf(world)).join('\n'), seen, script)
  }
})

for (const [name, list] of Object.entries(networkLists))
  test(`${name}: ADD, CHECK and DEL leave the machine as it was`, () => {
    const caller = new ListCaller(world, list)
    const to = { container: 'c1', ifName: 'eth0' }
    const round = () => {
      for (const outcome of [caller.add(to), caller.check(to), caller.del(to)])
        assert.equal(outcome.status, 0, outcome.stdout + outcome.stderr)
    }
    // What stays by design is there from then on: the bridge, chains without rules, files without leases.
    round()
    const was = factsOf(world)
    round()
    assert.deepEqual(changes(was, factsOf(world)), [])
  })
