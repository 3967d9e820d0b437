import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bridge } from '@patchbay/plugins/bridge'
import type { TestNamespace } from '../lab/namespace-fixture.ts'
import { recordNetfilter } from '../lab/netfilter-record.ts'
import { addresses, attach, bridgeConfig, callOptions, versions, withPacketLab } from '../lab/packet-lab.ts'
import { ask, Server } from '../lab/packet-peer.ts'
import { ip, ipJsonOne, type JsonObject, runIn } from '../lab/witness.ts'

const macspoofchk: JsonObject = { macspoofchk: true }
const config = { ...bridgeConfig, ...macspoofchk }
const STRANGER = '02:00:00:00:00:99'

/** What the other container answers; neighbours are told of a new hardware address by the question itself. */
function askOther(container: TestNamespace, version: 4 | 6): string {
  return ask(container, { protocol: 'tcp', address: addresses[version].other, port: 80 })
}

/** Nobody is to go by what was known of the old one. */
function setMac(container: TestNamespace, mac: string, neighbour: TestNamespace): void {
  ip(container, 'link', 'set', 'eth0', 'address', mac)
  for (const place of [container, neighbour]) ip(place, 'neigh', 'flush', 'all')
}

function macOf(container: TestNamespace): string {
  return String(ipJsonOne(container, 'link', 'show', 'dev', 'eth0')['address'])
}

for (const keys of [macspoofchk, {}])
  test(`macspoofchk: frames with another hardware address ${keys === macspoofchk ? 'go nowhere' : 'arrive without it'}`, () =>
    withPacketLab(async ({ lab }) => {
      const { container, other, host } = lab
      using _ = await Server.start(other, { name: 'other', port: 80 })
      await attach(lab, 'container', keys)
      await attach(lab, 'other')
      const mac = macOf(container)
      for (const version of versions) {
        const answer = `other saw ${addresses[version].container}`
        assert.equal(askOther(container, version), answer)
        setMac(container, STRANGER, other)
        assert.equal(askOther(container, version), keys === macspoofchk ? '' : answer)
        setMac(container, mac, other)
        assert.equal(askOther(container, version), answer)
      }
      const learned = runIn(host, 'bridge', 'fdb', 'show').includes(STRANGER)
      assert.equal(learned, keys !== macspoofchk)
    }))

test('macspoofchk: CHECK names the rule that is missing', () =>
  withPacketLab(async ({ lab }) => {
    const prevResult = await attach(lab, 'container', macspoofchk)
    const check = () => lab.call(bridge, 'CHECK', { ...config, prevResult }, callOptions(lab, 'container'))
    assert.equal((await check()).status, 0)
    const chain = 'cni-br-iface-container-eth0-mac'
    runIn(lab.host, 'nft', 'flush', 'chain', 'bridge', 'nat', chain)
    const { document } = await check()
    assert.match(String(document['msg']), new RegExp(`^rule of "veth.*" in chain bridge nat ${chain} not found$`))
  }))

test('macspoofchk: GC removes what is for ports that are gone, whatever their network', () =>
  withPacketLab(async ({ lab }) => {
    await attach(lab, 'container', macspoofchk)
    await attach(lab, 'other', { ...macspoofchk, name: 'net2' })
    ip(lab.container, 'link', 'delete', 'eth0')
    await lab.call(bridge, 'GC', { ...config, 'cni.dev/valid-attachments': [] })
    const left = runIn(lab.host, 'nft', 'list', 'ruleset')
    assert.doesNotMatch(left, /container-eth0/)
    assert.match(left, /iifname "veth.*" jump cni-br-iface-other-eth0/)
  }))

test('macspoofchk: GC that deletes a pair removes what is for it', () =>
  withPacketLab(async ({ lab }) => {
    await attach(lab, 'container', macspoofchk)
    await lab.call(bridge, 'GC', { ...config, 'cni.dev/valid-attachments': [] })
    assert.doesNotMatch(runIn(lab.host, 'ip', '-o', 'link'), /veth/)
    assert.doesNotMatch(runIn(lab.host, 'nft', 'list', 'ruleset'), /container-eth0/)
  }))

test('macspoofchk: another call for the attachment sees all of it, or nothing', () =>
  withPacketLab(async ({ lab }) => {
    await attach(lab, 'container', macspoofchk)
    const sent = await recordNetfilter(() => lab.del(bridge, config, callOptions(lab, 'container')))
    const changes = sent.filter((message) => message.includes('DEL'))
    assert.deepEqual(
      changes.map((transaction) => transaction.replaceAll(/ \d+/g, '')),
      ['{ DELRULE, DELCHAIN, DELCHAIN }'],
    )
  }))

test('macspoofchk: an ADD that fails leaves nothing of it', () =>
  withPacketLab(async ({ lab }) => {
    lab.ipam = {
      cniVersion: '1.1.0',
      ips: [{ address: '10.1.2.2/24', gateway: '10.1.2.1' }],
      routes: [{ dst: '10.9.0.0/16', gw: '10.8.0.1' }],
    }
    assert.equal((await lab.call(bridge, 'ADD', config, callOptions(lab, 'container'))).status, 1)
    const left = runIn(lab.host, 'nft', 'list', 'ruleset')
    assert.match(left, /chain PREROUTING/)
    assert.doesNotMatch(left, /container-eth0/)
  }))

/** Comments are up to 128 bytes long, chains up to 255: here each is at its limit, and beyond. */
for (const length of [110, 111, 112, 233, 234, 240, 1000])
  test(`macspoofchk: a container id of ${length} characters is checked, found again, and gone after DEL or GC`, () =>
    withPacketLab(async ({ lab }) => {
      const before = runIn(lab.host, 'nft', 'list', 'ruleset')
      const called = (['container', 'other'] as const).map((who, index) => ({
        container: lab[who],
        containerId: `${'c'.repeat(length - 1)}${index}`,
      }))
      const attached: JsonObject[] = []
      for (const options of called) attached.push({ ...config, prevResult: await lab.add(bridge, config, options) })
      const rules = () => runIn(lab.host, 'nft', 'list', 'ruleset').match(/ether saddr/g)?.length ?? 0
      assert.equal(rules(), 2)
      assert.equal((await lab.call(bridge, 'CHECK', attached[0] ?? {}, called[0])).status, 0)
      await lab.del(bridge, attached[0] ?? {}, called[0])
      assert.equal(rules(), 1)
      ip(lab.other, 'link', 'delete', 'eth0')
      await lab.call(bridge, 'GC', { ...config, 'cni.dev/valid-attachments': [] })
      assert.equal(rules(), 0)
      for (const options of called) await lab.del(bridge, config, options)
      assert.equal(runIn(lab.host, 'nft', 'list', 'chains', 'bridge').includes('cni-br-iface'), false, before)
    }))
