import assert from 'node:assert/strict'
import { test } from 'node:test'
import { firewall } from '@patchbay/plugins/firewall'
import type { TestNamespace } from '../lab/namespace-fixture.ts'
import { addresses, attach, callOptions, type PacketLab, versions, withPacketLab } from '../lab/packet-lab.ts'
import { ask, Server } from '../lab/packet-peer.ts'
import { ip, type JsonObject, runIn } from '../lab/witness.ts'

const [container, other] = ['container', 'other'] as const

/** Has a host forward nothing that is not allowed: a drop counts in whichever table it is, an accept in its own. */
const close: Record<string, (host: TestNamespace) => void> = {
  iptables(host) {
    for (const tool of ['iptables', 'ip6tables']) runIn(host, tool, '-P', 'FORWARD', 'DROP')
  },
  nftables(host) {
    runIn(host, 'nft', 'add table inet patchbay')
    const chain = 'add chain inet patchbay firewall-forward'
    runIn(host, 'nft', `${chain} { type filter hook forward priority filter; policy drop; }`)
  },
}

for (const [backend, closeForwarding] of Object.entries(close)) {
  /** A host that forwards only what is allowed, and an outside that knows the way to the containers. */
  const closeHost = ({ lab, outside }: PacketLab): void => {
    closeForwarding(lab.host)
    ip(outside, 'route', 'add', '10.0.0.0/8', 'via', addresses[4].host)
    ip(outside, 'route', 'add', 'fd00::/16', 'via', addresses[6].host)
  }

  /** Attaches a container and allows its packets; gives what takes that back. */
  const allow = async (
    { lab }: PacketLab,
    who: 'container' | 'other',
    keys: JsonObject = {},
    network: JsonObject = {},
  ) => {
    const prevResult = await attach(lab, who, network)
    const config = { backend, ...keys, prevResult }
    assert.deepEqual(await lab.add(firewall, config, callOptions(lab, who)), prevResult)
    return () => lab.del(firewall, config, callOptions(lab, who))
  }

  test(`firewall by ${backend}: what a container sends is forwarded, and to it only what it asked for`, () =>
    withPacketLab(async (place) => {
      const { lab, outside } = place
      closeHost(place)
      using _ = await Server.start(outside, { name: 'outside', port: 80 })
      using _web = await Server.start(lab.container, { name: 'web', port: 80 })
      const reach = (to: string) => ask(lab.container, { protocol: 'tcp', address: to, port: 80 })
      const withdraw = await allow(place, container)
      for (const version of versions) {
        const { outside: far, container: own } = addresses[version]
        assert.equal(reach(far), `outside saw ${own}`)
        assert.equal(ask(outside, { protocol: 'tcp', address: own, port: 80 }), '')
      }
      await withdraw()
      for (const { outside: far } of Object.values(addresses)) assert.equal(reach(far), '')
    }))

  const second = { bridge: 'cni1', ipam: { type: 'static', addresses: [{ address: '10.2.2.2/24' }] } }
  const web = { protocol: 'tcp', address: '10.2.2.2', port: 80 } as const

  for (const [ingressPolicy, answer] of [
    ['open', 'other saw 10.1.2.2'],
    ['same-bridge', ''],
    ['isolated', ''],
  ] as const)
    test(`firewall by ${backend}: from a network of policy ${ingressPolicy} to another one`, () =>
      withPacketLab(async (place) => {
        const { lab, outside } = place
        closeHost(place)
        using _ = await Server.start(lab.other, { name: 'other', port: 80 })
        using _outside = await Server.start(outside, { name: 'outside', port: 80 })
        await allow(place, container, { ingressPolicy })
        await allow(place, other, { ingressPolicy }, second)
        assert.equal(ask(lab.container, web), answer)
        const far = addresses[4].outside
        assert.equal(ask(lab.container, { protocol: 'tcp', address: far, port: 80 }), 'outside saw 10.1.2.2')
        assert.equal(ask(lab.other, { protocol: 'tcp', address: far, port: 80 }), 'outside saw 10.2.2.2')
      }))

  for (const [ingressPolicy, isReached] of [
    ['open', true],
    ['same-bridge', true],
    ['isolated', false],
  ] as const)
    test(`firewall by ${backend}: within a network of policy ${ingressPolicy}`, () =>
      withPacketLab(async (place) => {
        const { lab } = place
        closeHost(place)
        using _ = await Server.start(lab.other, { name: 'other', port: 80 })
        for (const who of [container, other]) await allow(place, who, { ingressPolicy })
        // Without it a bridge forwards what no firewall sees.
        runIn(lab.host, 'sh', '-c', 'echo 1 | tee /proc/sys/net/bridge/bridge-nf-call-ip*tables')
        for (const { other: address, container: own } of Object.values(addresses))
          assert.equal(ask(lab.container, { protocol: 'tcp', address, port: 80 }), isReached ? `other saw ${own}` : '')
      }))
}
