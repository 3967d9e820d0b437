import assert from 'node:assert/strict'
import { test } from 'node:test'
import { firewall } from '@patchbay/plugins/firewall'
import {
  allow,
  assertReachesOutside,
  both,
  isolated,
  learnRoutes,
  nftables,
  reaches,
  ruleset,
  setBridgeFilter,
  type Who,
} from '../lab/firewall-lab.ts'
import type { TestNamespace } from '../lab/namespace-fixture.ts'
import { attach, callOptions, withPacketLab } from '../lab/packet-lab.ts'
import { ask, Server } from '../lab/packet-peer.ts'
import { type JsonObject, runIn } from '../lab/witness.ts'

/** The ruleset of a host without containers, once it has had isolated ones. */
const empty = `table inet patchbay {
	comment "Made by Patchbay: rules are few, containers are elements"
	set firewall-records {
		type mark . mark . mark . mark . mark
		comment "what each attachment has, by the hashes in its mark"
	}

	set firewall-addresses4 {
		type ipv4_addr
	}

	set firewall-addresses6 {
		type ipv6_addr
	}

	map firewall-bridged4 {
		type ipv4_addr : counter
	}

	map firewall-bridged6 {
		type ipv6_addr : counter
	}

	set firewall-bridges {
		type ifname
	}

	set firewall-same-bridge {
		type ifname . ifname
	}

	set firewall-isolated {
		type ifname
	}

	chain firewall-forward {
		type filter hook forward priority filter; policy accept;
		iifname @firewall-bridges oifname @firewall-bridges jump firewall-between-bridges
		jump CNI-ADMIN
		jump firewall-admins
		ct state established,related ip daddr @firewall-addresses4 accept
		ct state established,related ip6 daddr @firewall-addresses6 accept
		ct status dnat ip daddr @firewall-addresses4 accept
		ct status dnat ip6 daddr @firewall-addresses6 accept
		ip saddr @firewall-addresses4 accept
		ip6 saddr @firewall-addresses6 accept
	}

	chain firewall-between-bridges {
		iifname . oifname @firewall-same-bridge iifname != @firewall-isolated return
		drop
	}

	chain CNI-ADMIN {
	}

	chain firewall-admins {
	}
}
table bridge patchbay {
	comment "Made by Patchbay: rules are few, containers are elements"
	set firewall-isolated-ports {
		type ifname
	}

	chain firewall-forward {
		type filter hook forward priority filter; policy accept;
		iifname @firewall-isolated-ports drop
		oifname @firewall-isolated-ports drop
	}
}
`

test('firewall: containers are marked elements, gone with the last of them, and nft reads what it lists', () =>
  withPacketLab(async (place) => {
    const { lab } = place
    const first = await allow(place, 'container', isolated)
    const second = await allow(place, 'other', isolated)
    const listed = ruleset(lab.host)
    const element =
      '10.1.2.2 comment "8e48f37d5de60467-0ab5244c1ca55437-55621a5eab331202, net: net1, if: eth0, id: container"'
    assert.equal(listed.split(element).length, 3)
    assert.ok(listed.includes(`${element} : "firewall-bridge-cni0"`))
    assert.match(listed, /\n\tcounter firewall-bridge-cni0 {\n\t\tcomment ".*"\n/)
    runIn(lab.host, 'sh', '-c', 'nft list ruleset >/run/nft-$$; nft flush ruleset; nft -f /run/nft-$$; rm /run/nft-$$')
    assert.equal(ruleset(lab.host), listed)
    await lab.del(firewall, first, callOptions(lab, 'container'))
    assert.match(ruleset(lab.host), /10\.1\.2\.3 comment.*"firewall-bridge-cni0"/)
    assert.match(ruleset(lab.host), /elements = { "cni0" }/)
    // Without a result the mark is all there is to go by.
    const { prevResult: _, ...unknown } = second
    await lab.del(firewall, unknown, callOptions(lab, 'other'))
    assert.equal(ruleset(lab.host), empty)
  }))

for (const ingressPolicy of ['open', 'same-bridge', 'isolated'])
  test(`firewall: with the policy "${ingressPolicy}", no element is a verdict`, () =>
    withPacketLab(async (place) => {
      const { host } = place.lab
      for (const who of both) await allow(place, who, { ...nftables, ingressPolicy })
      const elements = setsOf(host).flatMap(({ map, elem = [] }) => elem.map((element) => ({ map, element })))
      for (const address of ['10.1.2.2', '10.1.2.3', 'fd00:1:2::2', 'fd00:1:2::3'])
        assert.ok(
          elements.some(({ element }) => element.includes(`"${address}"`)),
          address,
        )
      // The kernel goes through all that a map of verdicts has whenever one comes.
      assert.deepEqual(
        elements.filter(({ map, element }) => map === 'verdict' || /"(?:accept|drop|goto|jump)":/.test(element)),
        [],
      )
    }))

test('firewall: a policy is for bridges of every name, and nft reads what it lists of them', () =>
  withPacketLab(async ({ lab }) => {
    const bridges = ['br-lan.5', 'a+b@c', '网桥']
    const call = (command: string, index: number) => {
      const interfaces = [{ name: bridges[index] ?? '' }, { name: `veth${index}` }]
      const prevResult = { cniVersion: '1.1.0', interfaces, ips: [{ address: `10.1.2.${index + 1}/24` }] }
      return lab.call(firewall, command, { ...isolated, prevResult }, { containerId: `c${index}` })
    }
    for (const index of bridges.keys()) assert.equal((await call('ADD', index)).status, 0)
    const listed = ruleset(lab.host)
    for (const bridge of bridges) assert.ok(listed.includes(`"${bridge}"`), bridge)
    runIn(lab.host, 'sh', '-c', 'nft list ruleset >/run/nft-$$; nft flush ruleset; nft -f /run/nft-$$; rm /run/nft-$$')
    assert.equal(ruleset(lab.host), listed)
    for (const command of ['CHECK', 'DEL'])
      for (const index of bridges.keys()) assert.equal((await call(command, index)).status, 0, `${command} ${index}`)
    assert.equal(ruleset(lab.host), empty)
  }))

for (const filtered of [0, 1])
  test(`firewall: isolated containers reach the outside and not each other, bridge-nf-call-iptables ${filtered}`, () =>
    withPacketLab(async (place) => {
      const { lab, outside } = place
      using _ = await Server.start(lab.other, { name: 'other', port: 80 })
      using _outside = await Server.start(outside, { name: 'outside', port: 80 })
      const results: Record<Who, JsonObject> = { container: {}, other: {} }
      for (const who of both) results[who] = await attach(lab, who)
      setBridgeFilter(lab.host, filtered)
      for (const who of both) await allow(place, who, nftables, results[who])
      assert.deepEqual(reaches(place), { 4: true, 6: true })

      learnRoutes(outside)
      for (const who of both) await allow(place, who, isolated, results[who])
      assert.deepEqual(reaches(place), { 4: false, 6: false })
      for (const who of both) assertReachesOutside(lab[who], who)

      for (const who of both) await lab.del(firewall, { ...isolated, prevResult: results[who] }, callOptions(lab, who))
      assert.deepEqual(reaches(place), { 4: true, 6: true })
    }))

for (const who of both)
  test(`firewall: an isolated ${who} and one that is not get nothing of each other`, () =>
    withPacketLab(async (place) => {
      const { lab } = place
      using _ = await Server.start(lab.other, { name: 'other', port: 80 })
      const results: Record<Who, JsonObject> = { container: {}, other: {} }
      for (const each of both) results[each] = await attach(lab, each)
      setBridgeFilter(lab.host, 0)
      assert.deepEqual(reaches(place), { 4: true, 6: true })
      await allow(place, who, isolated, results[who])
      const before = segmentsOf(lab.other)
      assert.deepEqual(reaches(place), { 4: false, 6: false })
      assert.equal(segmentsOf(lab.other), before)
    }))

/** The sets and maps of a host with the text of each element. */
function setsOf(host: TestNamespace): { map?: string; elem?: string[] }[] {
  const { nftables: objects }: { nftables: Record<string, { map?: string; elem?: unknown[] }>[] } = JSON.parse(
    runIn(host, 'nft', '-j', 'list', 'ruleset'),
  )
  return objects.flatMap(({ set, map = set }) =>
    map ? [{ ...map, elem: (map.elem ?? []).map((element) => JSON.stringify(element)) }] : [],
  )
}

/** How many segments of TCP over IPv4 or IPv6 have come to a namespace. */
function segmentsOf(place: TestNamespace): string | undefined {
  return /^Tcp: (?:-?\d+ ){9}(\d+)/m.exec(runIn(place, 'cat', '/proc/net/snmp'))?.[1]
}

test('firewall: a policy of a bridge ends with its last container, and is about bridges that have one', () =>
  withPacketLab(async (place) => {
    const { lab } = place
    using _ = await Server.start(lab.other, { name: 'other', port: 80 })
    const result = await attach(lab, 'container')
    const own = { bridge: 'cni1', ipam: { type: 'static', addresses: [{ address: '10.2.2.2/24' }] } }
    const otherResult = await attach(lab, 'other', own)
    const isReached = () => ask(lab.container, { protocol: 'tcp', address: '10.2.2.2', port: 80 }) !== ''
    const policy = { ...nftables, ingressPolicy: 'same-bridge' }

    await allow(place, 'other', policy, otherResult)
    assert.equal(isReached(), true, 'from a network without a policy')
    const config = await allow(place, 'container', policy, result)
    assert.equal(isReached(), false)
    // Another attachment of the same bridge.
    const second = { ...config, prevResult: { ...result, ips: [{ address: '10.1.2.99/24' }] } }
    await lab.add(firewall, second, { ...callOptions(lab, 'container'), ifName: 'eth1' })
    await lab.del(firewall, config, callOptions(lab, 'container'))
    assert.equal(isReached(), false, 'while another needs it')
    await lab.del(firewall, second, { ...callOptions(lab, 'container'), ifName: 'eth1' })
    assert.equal(isReached(), true)
  }))
