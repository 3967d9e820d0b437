import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bridge } from '@patchbay/plugins/bridge'
import { ptp } from '@patchbay/plugins/ptp'
import { addresses, attach, bridgeConfig, callOptions, versions, withPacketLab } from '../lab/packet-lab.ts'
import { ask, Server } from '../lab/packet-peer.ts'
import { withLab } from '../lab/plugin-lab.ts'
import { type JsonObject, runIn } from '../lab/witness.ts'

const protocols = ['tcp', 'udp'] as const

for (const ipMasqBackend of ['nftables', 'iptables']) {
  const masquerade: JsonObject = { ipMasq: true, ipMasqBackend }

  test(`masquerade by ${ipMasqBackend}: a container is seen outside with the address of the host`, () =>
    withPacketLab(async ({ lab, outside }) => {
      using _ = await Server.start(outside, { name: 'outside', port: 80 })
      const result = await attach(lab, 'container', masquerade)
      for (const version of versions)
        for (const protocol of protocols) {
          const { outside: address, host } = addresses[version]
          assert.equal(ask(lab.container, { protocol, address, port: 80 }), `outside saw ${host}`)
        }
      const options = callOptions(lab, 'container')
      await lab.del(bridge, { ...bridgeConfig, ...masquerade, prevResult: result }, options)
      await attach(lab, 'container')
      for (const { outside: address } of Object.values(addresses))
        assert.equal(ask(lab.container, { protocol: 'tcp', address, port: 80 }), '')
    }))

  test(`masquerade by ${ipMasqBackend}: a neighbour and the host see a container with its own address`, () =>
    withPacketLab(async ({ lab }) => {
      using _ = await Server.start(lab.other, { name: 'other', port: 80 })
      using _host = await Server.start(lab.host, { name: 'host', port: 81 })
      await attach(lab, 'container', masquerade)
      await attach(lab, 'other', masquerade)
      for (const version of versions) {
        const { container, other, host } = addresses[version]
        assert.equal(ask(lab.container, { protocol: 'tcp', address: other, port: 80 }), `other saw ${container}`)
        assert.equal(ask(lab.container, { protocol: 'tcp', address: host, port: 81 }), `host saw ${container}`)
      }
    }))

  test(`masquerade by ${ipMasqBackend}: ptp, and rules that go with the interface of one container only`, () =>
    withPacketLab(async ({ lab, outside }) => {
      using _ = await Server.start(outside, { name: 'outside', port: 80 })
      const network = (address: string): JsonObject => ({
        ...masquerade,
        ipam: { type: 'static', addresses: [{ address, gateway: '10.7.0.1' }], routes: [{ dst: '0.0.0.0/0' }] },
      })
      const first = network('10.7.0.2/24')
      const prevResult = await lab.add(ptp, first)
      await lab.add(ptp, network('10.7.0.3/24'), { container: lab.other, containerId: 'c2' })
      const out = { protocol: 'tcp', address: addresses[4].outside, port: 80 } as const
      for (const place of [lab.container, lab.other]) assert.equal(ask(place, out), `outside saw ${addresses[4].host}`)
      await lab.del(ptp, { ...first, prevResult })
      assert.equal(ask(lab.other, out), `outside saw ${addresses[4].host}`)
    }))

  test(`masquerade by ${ipMasqBackend}: without a result, DEL of one interface leaves the other one in the network alone`, () =>
    withLab(async (lab) => {
      const network = (address: string): JsonObject => ({
        ...masquerade,
        ipam: {
          type: 'static',
          addresses: [
            { address: `10.7.0.${address}/24`, gateway: '10.7.0.1' },
            { address: `fd00:7::${address}/64`, gateway: 'fd00:7::1' },
          ],
        },
      })
      const rules = () => runIn(lab.host, 'sh', '-c', 'nft list ruleset; iptables-save; ip6tables-save')
      await lab.add(ptp, network('2'))
      const prevResult = await lab.add(ptp, network('3'), { ifName: 'eth1' })
      await lab.del(ptp, network('2'))
      assert.doesNotMatch(rules(), /10\.7\.0\.2\b|fd00:7::2\b/)
      const { document } = await lab.call(ptp, 'CHECK', { ...network('3'), prevResult }, { ifName: 'eth1' })
      assert.deepEqual(document, {})
      await lab.del(ptp, network('3'), { ifName: 'eth1' })
      assert.doesNotMatch(rules(), /10\.7\.0\.|fd00:7::|CNI-[0-9a-f]{24}/)
    }))
}
