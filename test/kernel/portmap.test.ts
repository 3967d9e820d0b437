import assert from 'node:assert/strict'
import { test } from 'node:test'
import { portmap } from '@patchbay/plugins/portmap'
import { addresses, attach, callOptions, type PacketLab, versions, withPacketLab } from '../lab/packet-lab.ts'
import { ask, Server } from '../lab/packet-peer.ts'
import { type JsonObject, runIn } from '../lab/witness.ts'

const protocols = ['tcp', 'udp'] as const
const ports: JsonObject[] = protocols.map((protocol) => ({ hostPort: 8080, containerPort: 80, protocol }))

for (const backend of ['nftables', 'iptables']) {
  /** Attaches a container and publishes ports of it; gives what takes them back. */
  const publish = async ({ lab }: PacketLab, who: 'container' | 'other', keys: JsonObject = {}) => {
    // Where netfilter sees what a bridge forwards, a container that asks itself by the host is on one port of it.
    const prevResult = await attach(lab, who, { ipMasq: true, ipMasqBackend: backend, hairpinMode: true })
    const config = { backend, runtimeConfig: { portMappings: ports }, ...keys, prevResult }
    assert.deepEqual(await lab.add(portmap, config, callOptions(lab, who)), prevResult)
    return () => lab.del(portmap, config, callOptions(lab, who))
  }

  test(`portmap by ${backend}: a published port is found from everywhere, and from nowhere after DEL`, () =>
    withPacketLab(async (place) => {
      const { lab, outside } = place
      using _ = await Server.start(lab.container, { name: 'web', port: 80 })
      await attach(lab, 'other')
      const withdraw = await publish(place, 'container')
      for (const version of versions)
        for (const protocol of protocols) {
          const { host, outside: client } = addresses[version]
          const to = { protocol, address: host, port: 8080 }
          assert.equal(ask(outside, to), `web saw ${client}`)
          assert.match(ask(lab.host, to), /^web saw /)
          assert.match(ask(lab.other, to), /^web saw /, `neighbour: ${protocol} ${host}`)
          assert.match(ask(lab.container, to), /^web saw /, `itself: ${protocol} ${host}`)
        }
      for (const protocol of protocols)
        assert.match(ask(lab.host, { protocol, address: '127.0.0.1', port: 8080 }), /^web saw /)
      await withdraw()
      for (const version of versions)
        for (const protocol of protocols) {
          const { host: address } = addresses[version]
          assert.equal(ask(outside, { protocol, address, port: 8080 }), '')
        }
    }))

  test(`portmap by ${backend}: the address of the host is respected`, () =>
    withPacketLab(async (place) => {
      const { lab, outside } = place
      using _ = await Server.start(lab.container, { name: 'web', port: 80 })
      const portMappings = versions.map((version) => ({
        hostPort: 8080,
        containerPort: 80,
        protocol: 'tcp',
        hostIP: addresses[version].second,
      }))
      await publish(place, 'container', { runtimeConfig: { portMappings } })
      for (const version of versions) {
        const { host, second, outside: client } = addresses[version]
        assert.equal(ask(outside, { protocol: 'tcp', address: second, port: 8080 }), `web saw ${client}`)
        assert.equal(ask(outside, { protocol: 'tcp', address: host, port: 8080 }), '')
      }
    }))

  test(`portmap by ${backend}: packets for the same port of another machine go there`, () =>
    withPacketLab(async (place) => {
      const { lab, outside } = place
      using _ = await Server.start(lab.container, { name: 'web', port: 80 })
      using _outside = await Server.start(outside, { name: 'outside', port: 8080 })
      using _other = await Server.start(lab.other, { name: 'other', port: 8080 })
      await attach(lab, 'other', { ipMasq: true, ipMasqBackend: backend })
      await publish(place, 'container')
      for (const version of versions) {
        const { host, outside: far, other, container } = addresses[version]
        for (const client of [lab.host, lab.other, lab.container])
          assert.equal(ask(client, { protocol: 'tcp', address: far, port: 8080 }), `outside saw ${host}`)
        assert.equal(ask(lab.container, { protocol: 'tcp', address: other, port: 8080 }), `other saw ${container}`)
      }
    }))

  test(`portmap by ${backend}: with masqAll everyone has the address of the host`, () =>
    withPacketLab(async (place) => {
      using _ = await Server.start(place.lab.container, { name: 'web', port: 80 })
      await publish(place, 'container', { masqAll: true })
      assert.equal(ask(place.outside, { protocol: 'tcp', address: addresses[4].host, port: 8080 }), 'web saw 10.1.2.1')
      assert.equal(
        ask(place.outside, { protocol: 'tcp', address: addresses[6].host, port: 8080 }),
        'web saw fd00:1:2::1',
      )
    }))

  test(`portmap by ${backend}: without snat the host is not found at 127.0.0.1, and the outside is served`, () =>
    withPacketLab(async (place) => {
      using _ = await Server.start(place.lab.container, { name: 'web', port: 80 })
      await publish(place, 'container', { snat: false })
      assert.equal(ask(place.lab.host, { protocol: 'tcp', address: '127.0.0.1', port: 8080 }), '')
      for (const { host: address, outside } of Object.values(addresses))
        assert.equal(ask(place.outside, { protocol: 'tcp', address, port: 8080 }), `web saw ${outside}`)
    }))

  test(`portmap by ${backend}: at ::1 the host has its own service, or a quick refusal`, () =>
    withPacketLab(async (place) => {
      const { lab } = place
      using _ = await Server.start(lab.container, { name: 'web', port: 80 })
      const everywhere = ports.map((each) => ({ ...each, hostIP: '' }))
      const loopback = ports.map((each) => ({ ...each, hostIP: '::1', hostPort: 8081 }))
      await publish(place, 'container', { runtimeConfig: { portMappings: [...everywhere, ...loopback] } })
      for (const hostPort of [8080, 8081]) {
        const connect = `timeout 5 bash -c 'exec 3<>/dev/tcp/::1/${hostPort}' 2>&1 || true`
        assert.match(runIn(lab.host, 'bash', '-c', connect), /Connection refused/)
        using _own = await Server.start(lab.host, { name: 'own', port: hostPort })
        for (const protocol of protocols)
          assert.equal(ask(lab.host, { protocol, address: '::1', port: hostPort }), 'own saw ::1')
      }
      assert.match(ask(lab.host, { protocol: 'tcp', address: '127.0.0.1', port: 8080 }), /^web saw /)
      assert.match(ask(lab.host, { protocol: 'tcp', address: addresses[6].host, port: 8080 }), /^web saw /)
    }))

  test(`portmap by ${backend}: a UDP client that goes on asking is answered by the next container`, () =>
    withPacketLab(async (place) => {
      const { lab, outside } = place
      using _ = await Server.start(lab.container, { name: 'first', port: 80 })
      using _other = await Server.start(lab.other, { name: 'second', port: 80 })
      const withdraw = await publish(place, 'container')
      const all = versions.map((version) => ({
        protocol: 'udp' as const,
        address: addresses[version].host,
        port: 8080,
        from: 4000 + version,
      }))
      for (const to of all) assert.match(ask(outside, to), /^first saw /)
      await withdraw()
      for (const to of all) assert.equal(ask(outside, to), '')
      await publish(place, 'other')
      for (const to of all) assert.match(ask(outside, to), /^second saw /)
    }))
}
