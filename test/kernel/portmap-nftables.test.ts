import assert from 'node:assert/strict'
import { test } from 'node:test'
import { portmap } from '@patchbay/plugins/portmap'
import type { TestNamespace } from '../lab/namespace-fixture.ts'
import { addresses, attach, callOptions, versions, withPacketLab } from '../lab/packet-lab.ts'
import { ask, Server } from '../lab/packet-peer.ts'
import { elements, mapping, mappings, port, publish, refusal, ruleset, serve, verdicts } from '../lab/portmap-lab.ts'
import { ip, type JsonObject, runIn } from '../lab/witness.ts'

test('portmap: ports are marked elements, gone with DEL, and nft reads what it lists', () =>
  withPacketLab(async ({ lab }) => {
    const ports = [
      port(8080),
      port(53, { containerPort: 5353, protocol: 'udp' }),
      port(38412, { protocol: 'SCTP' }),
      port(443, { hostIP: addresses[4].second }),
      port(443, { hostIP: addresses[6].second }),
      port(81, { hostIP: '0.0.0.0' }),
      port(82, { hostIP: '::' }),
    ]
    const config = await publish(lab, 'container', ports)
    assert.deepEqual(mappings(lab.host).sort(), [
      'portmap-addresses4 192.0.2.3 . tcp . 443 : 10.1.2.2 . 80',
      'portmap-addresses6 2001:db8::3 . tcp . 443 : fd00:1:2::2 . 80',
      'portmap-ports4 sctp . 38412 : 10.1.2.2 . 80',
      'portmap-ports4 tcp . 8080 : 10.1.2.2 . 80',
      'portmap-ports4 tcp . 81 : 10.1.2.2 . 80',
      'portmap-ports4 udp . 53 : 10.1.2.2 . 5353',
      'portmap-ports6 sctp . 38412 : fd00:1:2::2 . 80',
      'portmap-ports6 tcp . 8080 : fd00:1:2::2 . 80',
      'portmap-ports6 tcp . 82 : fd00:1:2::2 . 80',
      'portmap-ports6 udp . 53 : fd00:1:2::2 . 5353',
    ])
    const listed = ruleset(lab.host)
    const mark = '8e48f37d5de60467-0ab5244c1ca55437-55621a5eab331202, net: net1, if: eth0, id: container'
    assert.match(listed, new RegExp(`tcp \\. 8080 comment "${mark}" : 10\\.1\\.2\\.2 \\. 80`))
    runIn(lab.host, 'sh', '-c', 'nft list ruleset >/run/nft-$$; nft flush ruleset; nft -f /run/nft-$$; rm /run/nft-$$')
    assert.equal(ruleset(lab.host), listed)
    await lab.del(portmap, config, callOptions(lab, 'container'))
    assert.deepEqual(elements(lab.host), [])
  }))

test('portmap: whose clients are masqueraded is in sets, and no element has a verdict', () =>
  withPacketLab(async ({ lab }) => {
    await publish(lab, 'container', [port(8080)])
    await publish(lab, 'other', [port(8081)], { masqAll: true })
    assert.deepEqual(verdicts(lab.host), [])
    const isOfClients = (line: string) => /^portmap-(?!ports|taken|containers|records)/.test(line)
    assert.deepEqual(elements(lab.host).filter(isOfClients).sort(), [
      'portmap-every-client4 10.1.2.3',
      'portmap-every-client6 fd00:1:2::3',
      'portmap-loopback4 10.1.2.2',
      'portmap-neighbours4-24 10.1.2.2 . 10.1.2.0',
      'portmap-neighbours6-64 fd00:1:2::2 . fd00:1:2::',
    ])
    const rulesOf = (chain: string) =>
      runIn(lab.host, 'nft', 'list', 'chain', 'inet', 'patchbay', chain)
        .split('\n')
        .map((line) => line.trim())
        .slice(3, -3)
    assert.deepEqual(rulesOf('portmap-postrouting'), [
      'ct status ! dnat return',
      'ip saddr 127.0.0.0/8 ip daddr @portmap-loopback4 masquerade',
      'ip daddr @portmap-every-client4 masquerade',
      'ip6 daddr @portmap-every-client6 masquerade',
    ])
    assert.deepEqual(rulesOf('portmap-neighbours4-24'), [
      'ct status dnat ip daddr . ip saddr & 255.255.255.0 @portmap-neighbours4-24 masquerade',
    ])
    assert.deepEqual(rulesOf('portmap-neighbours6-64'), [
      'ct status dnat ip6 daddr . ip6 saddr & ffff:ffff:ffff:ffff:: @portmap-neighbours6-64 masquerade',
    ])
  }))

test('portmap: networks of every size are made, read back by nft, and found again', () =>
  withPacketLab(async ({ lab }) => {
    const cidrs = ['10.1.2.2/32', '10.2.2.2/31', '10.3.2.2/23', '10.4.2.2/0', 'fd01::2/128', 'fd02::2/127', 'fd03::2/0']
    const publishAt = (address: string, index: number) =>
      lab.add(portmap, mapping({ cniVersion: '1.1.0', ips: [{ address }] }, [port(8000 + index)]), {
        containerId: `container${index}`,
      })
    for (const [index, address] of cidrs.entries()) await publishAt(address, index)
    const keys = elements(lab.host).filter((line) => line.startsWith('portmap-neighbours'))
    assert.deepEqual(keys.sort(), [
      'portmap-neighbours4-0 10.4.2.2 . 0.0.0.0',
      'portmap-neighbours4-23 10.3.2.2 . 10.3.2.0',
      'portmap-neighbours4-31 10.2.2.2 . 10.2.2.2',
      'portmap-neighbours4-32 10.1.2.2 . 10.1.2.2',
      'portmap-neighbours6-0 fd03::2 . ::',
      'portmap-neighbours6-127 fd02::2 . fd02::2',
      'portmap-neighbours6-128 fd01::2 . fd01::2',
    ])
    const listed = ruleset(lab.host)
    runIn(lab.host, 'sh', '-c', 'nft list ruleset >/run/nft-$$; nft flush ruleset; nft -f /run/nft-$$; rm /run/nft-$$')
    assert.equal(ruleset(lab.host), listed)
    const { status } = await lab.call(portmap, 'GC', { backend: 'nftables', 'cni.dev/valid-attachments': [] })
    assert.equal(status, 0)
    assert.deepEqual(elements(lab.host), [])
  }))

test('portmap: nftables where nothing else is asked for', () =>
  withPacketLab(async ({ lab }) => {
    const isHere = (listed: string) => /tcp \. 8080/.test(listed)
    const choices: [JsonObject, boolean][] = [
      [{}, true],
      [{ conditionsV4: ['ip', 'saddr', '10.0.0.0/8'] }, true],
      [{ conditionsV4: ['-s', '10.0.0.0/8'] }, false],
      [{ markMasqBit: 7 }, false],
      [{ externalSetMarkChain: 'MARKING' }, false],
      [{ backend: 'iptables' }, false],
    ]
    for (const tool of ['iptables', 'ip6tables']) runIn(lab.host, tool, '-t', 'nat', '-N', 'MARKING')
    for (const [keys, isNftables] of choices) {
      const config = await publish(lab, 'container', [port(8080)], { backend: null, ...keys })
      assert.equal(isHere(runIn(lab.host, 'nft', 'list', 'ruleset')), isNftables, JSON.stringify(keys))
      assert.equal(runIn(lab.host, 'iptables-save').includes('CNI-DN-'), !isNftables, JSON.stringify(keys))
      // Whatever the configuration says by then.
      await lab.del(
        portmap,
        { ...config, ...Object.fromEntries(Object.keys(keys).map((key) => [key, null])) },
        callOptions(lab, 'container'),
      )
      assert.equal(runIn(lab.host, 'iptables-save').includes('CNI-DN-'), false, JSON.stringify(keys))
      assert.deepEqual(mappings(lab.host), [], JSON.stringify(keys))
    }
  }))

test('portmap: an address that is not one of the host takes nothing from the machine that has it (CVE-2025-67499)', () =>
  withPacketLab(async (place) => {
    const { lab, outside } = place
    using _ = await Server.start(lab.container, { name: 'web', port: 80 })
    using _outside = await Server.start(outside, { name: 'outside', port: 8080 })
    await attach(lab, 'other', { ipMasq: true })
    const foreign = versions.map((version) => port(8080, { hostIP: addresses[version].outside }))
    await serve(place, 'container', foreign)
    for (const version of versions)
      for (const client of [lab.host, lab.other]) {
        const { host, outside: address } = addresses[version]
        assert.equal(ask(client, { protocol: 'tcp', address, port: 8080 }), `outside saw ${host}`)
      }
  }))

test('portmap: rules of kube-proxy for the same port go first, also those that come later (CVE-2019-9946)', () =>
  withPacketLab(async (place) => {
    const { lab, outside } = place
    using _ = await Server.start(lab.container, { name: 'web', port: 80 })
    using _other = await Server.start(lab.other, { name: 'service', port: 80 })
    await attach(lab, 'other')
    await serve(place, 'container', [port(8080), port(8081)])
    for (const version of versions) {
      const [tool, to] = version === 4 ? ['iptables', '10.1.2.3:80'] : ['ip6tables', '[fd00:1:2::3]:80']
      const service = ['-p', 'tcp', '--dport', '8080', '-j', 'DNAT', '--to-destination', to ?? '']
      for (const chain of ['PREROUTING', 'OUTPUT']) runIn(lab.host, tool ?? '', '-t', 'nat', '-A', chain, ...service)
      const { host: address, outside: client } = addresses[version]
      assert.equal(ask(outside, { protocol: 'tcp', address, port: 8080 }), `service saw ${client}`)
      assert.match(ask(lab.host, { protocol: 'tcp', address, port: 8080 }), /^service saw /)
      assert.equal(ask(outside, { protocol: 'tcp', address, port: 8081 }), `web saw ${client}`)
    }
  }))

test('portmap: what others allow of forwarding is up to them', () =>
  withPacketLab(async (place) => {
    const { lab, outside } = place
    using _ = await Server.start(lab.container, { name: 'web', port: 80 })
    await serve(place, 'container', [port(8080)])
    const to = { protocol: 'tcp', address: addresses[4].host, port: 8080 } as const
    const docker = ['-A', 'FORWARD', '-m', 'conntrack', '--ctstate', 'ESTABLISHED,RELATED,DNAT', '-j', 'ACCEPT']
    runIn(lab.host, 'iptables', '-P', 'FORWARD', 'DROP')
    assert.equal(ask(outside, to), '')
    runIn(lab.host, 'iptables', ...docker)
    assert.equal(ask(outside, to), `web saw ${addresses[4].outside}`)
  }))

test('portmap: a port at 127.0.0.1 is not found from outside', () =>
  withPacketLab(async (place) => {
    const { lab, outside } = place
    using _ = await Server.start(lab.container, { name: 'web', port: 80 })
    await serve(place, 'container', [port(8080, { hostIP: '127.0.0.1' })])
    const to = { protocol: 'tcp', address: '127.0.0.1', port: 8080 } as const
    assert.equal(ask(lab.host, to), 'web saw 10.1.2.1')
    // A machine next to the host that has no loopback addresses of its own.
    runIn(outside, 'sh', '-c', 'echo 1 >/proc/sys/net/ipv4/conf/eth0/route_localnet')
    ip(outside, 'address', 'del', '127.0.0.1/8', 'dev', 'lo')
    ip(outside, 'route', 'add', '127.0.0.1', 'via', addresses[4].host)
    assert.equal(ask(outside, to), '')
  }))

test('portmap: who comes to the container directly is seen as who it is', () =>
  withPacketLab(async (place) => {
    const { lab } = place
    using _ = await Server.start(lab.container, { name: 'web', port: 80 })
    await serve(place, 'container', [port(8080, { protocol: 'udp' })])
    await attach(lab, 'other')
    const { container: address, other, host } = addresses[4]
    ip(lab.other, 'route', 'add', address, 'via', '10.1.2.1')
    assert.equal(ask(lab.other, { protocol: 'udp', address, port: 80 }), `web saw ${other}`)
    assert.equal(ask(lab.other, { protocol: 'udp', address: host, port: 8080 }), 'web saw 10.1.2.1')
  }))

test('portmap: conditions are those of one container, and others do not notice', () =>
  withPacketLab(async (place) => {
    const { lab, outside } = place
    using _ = await Server.start(lab.container, { name: 'web', port: 80 })
    using _other = await Server.start(lab.other, { name: 'other', port: 80 })
    await serve(place, 'other', [port(9090)])
    const config = await serve(place, 'container', [port(8080), port(8081, { hostIP: addresses[4].second })], {
      conditionsV4: ['ip', 'saddr', '!=', `{ ${addresses[4].outside}, 198.51.100.0/24 }`],
      conditionsV6: ['tcp', 'sport', '1-65535', 'ip6', 'saddr', '{', addresses[6].outside, ',', 'fd00::/16', '}'],
    })
    const from = (client: TestNamespace, version: 4 | 6, hostPort: number) =>
      ask(client, { protocol: 'tcp', address: addresses[version].host, port: hostPort })
    assert.equal(from(outside, 4, 8080), '')
    assert.equal(ask(outside, { protocol: 'tcp', address: addresses[4].second, port: 8081 }), '')
    assert.match(ask(lab.other, { protocol: 'tcp', address: addresses[4].second, port: 8081 }), /^web saw /)
    for (const client of [lab.host, lab.other]) assert.match(from(client, 4, 8080), /^web saw /)
    assert.equal(from(outside, 6, 8080), `web saw ${addresses[6].outside}`)
    assert.equal(from(lab.host, 6, 8080), '')
    for (const version of versions) assert.match(from(outside, version, 9090), /^other saw /)
    // The same port elsewhere would come under the conditions, too.
    const one = [port(8081, { hostIP: addresses[4].host })]
    assert.match(await refusal(lab, 'other', one), /tcp port 8081: container "container" in network "net1" has it$/)
    await lab.del(portmap, config, callOptions(lab, 'container'))
    assert.doesNotMatch(ruleset(lab.host), /chain portmap-conditions/)
  }))

test('portmap: conditions that make no sense are refused by name, and nothing is made', () =>
  withPacketLab(async ({ lab }) => {
    const conditionsV6 = ['ip6', 'saddr', '10.0.0.1']
    assert.equal(
      await refusal(lab, 'container', [port(8080)], { conditionsV6 }),
      'unable to setup DNAT: Cannot understand "10.0.0.1" in conditionsV6: it is no value of "ip6 saddr"',
    )
    assert.equal(runIn(lab.host, 'nft', 'list', 'tables'), '')
  }))
