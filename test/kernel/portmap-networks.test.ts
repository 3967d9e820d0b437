import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bridge } from '@patchbay/plugins/bridge'
import { portmap } from '@patchbay/plugins/portmap'
import { bridgeConfig, type PacketLab, withPacketLab } from '../lab/packet-lab.ts'
import { ask, Server } from '../lab/packet-peer.ts'
import { type CallOptions, withLab } from '../lab/plugin-lab.ts'
import { elements, mapping, mappings, port, ruleset } from '../lab/portmap-lab.ts'
import { ip, type JsonObject } from '../lab/witness.ts'

const [first, second] = ['192.0.2.1', '192.0.2.3']

/** A network of the one container, in which it asks for two ports. */
interface Asking {
  readonly config: JsonObject
  readonly options: CallOptions
}

/** Attaches a container to the networks net1, net2 and net3; its port in each tells which it is. */
async function attachToThree({ lab }: PacketLab, backend: string): Promise<Asking[]> {
  const networks: Asking[] = []
  for (const index of [1, 2, 3]) {
    lab.ipam = { cniVersion: '1.1.0', ips: [{ address: `10.1.${index}.2/24`, gateway: `10.1.${index}.1` }] }
    const name = `net${index}`
    const options = { container: lab.container, containerId: '0123456789abcdef'.repeat(4), ifName: `eth${index}` }
    const keys = { name, bridge: `cni${index}`, isDefaultGateway: false, isGateway: true }
    const prevResult = await lab.add(bridge, { ...bridgeConfig, ...keys }, options)
    const containerPort = 80 + index
    const ports = [port(8080, { containerPort }), port(53, { protocol: 'udp', hostIP: first, containerPort })]
    networks.push({ config: { ...mapping(prevResult, ports, { backend }), name }, options })
  }
  ip(lab.container, 'route', 'add', 'default', 'via', '10.1.1.1')
  return networks
}

/** The network by which both ports are served; empty when they are not. */
function servedBy({ outside }: PacketLab): string | undefined {
  const [tcp, udp] = [
    ask(outside, { protocol: 'tcp', address: first, port: 8080 }).split(' ')[0],
    ask(outside, { protocol: 'udp', address: first, port: 53, from: 4000 }).split(' ')[0],
  ]
  assert.equal(tcp, udp)
  return tcp
}

/** Removes networks one after the other; gives who served the ports before each, and after all. */
async function removeInTurn(place: PacketLab, networks: readonly Asking[], order: readonly number[]) {
  const seen: (string | undefined)[] = []
  for (const [turn, index] of order.entries()) {
    for (const left of order.slice(turn)) {
      const { config, options } = networks[left] ?? assert.fail()
      const { status, document } = await place.lab.call(portmap, 'CHECK', config, options)
      assert.equal(status, 0, JSON.stringify(document))
    }
    seen.push(servedBy(place))
    const { config, options } = networks[index] ?? assert.fail()
    await place.lab.del(portmap, config, options)
  }
  return [...seen, servedBy(place)]
}

for (const backend of ['nftables', 'iptables'])
  test(`portmap by ${backend}: a port that a container asks for in several networks goes to the next when one leaves`, () =>
    withPacketLab(async (place) => {
      const { lab } = place
      const networks = await attachToThree(place, backend)
      using _one = await Server.start(lab.container, { name: 'net1', port: 81 })
      using _two = await Server.start(lab.container, { name: 'net2', port: 82 })
      using _three = await Server.start(lab.container, { name: 'net3', port: 83 })
      for (const [order, served] of [
        [
          [0, 1, 2],
          ['net1', 'net2', 'net3', ''],
        ],
        [
          [1, 0, 2],
          ['net1', 'net1', 'net3', ''],
        ],
        [
          [2, 0, 1],
          ['net1', 'net1', 'net2', ''],
        ],
      ] as const) {
        for (const { config, options } of networks) await lab.add(portmap, config, options)
        assert.deepEqual(await removeInTurn(place, networks, order), served)
      }
      if (backend === 'nftables') assert.deepEqual(elements(lab.host), [])
    }))

test('portmap: who waits for a port does not take it from another container, and is gone with GC', () =>
  withLab(async (lab) => {
    const call = (name: string, ifName: string, address: string, ports: JsonObject[], containerId = 'c1') => ({
      config: { ...mapping({ cniVersion: '1.1.0', ips: [{ address }] }, ports), name },
      options: { containerId, ifName },
    })
    const one = call('net1', 'eth0', '10.1.2.2/24', [port(80, { hostIP: first })])
    const two = call('net2', 'eth1', '10.2.2.2/24', [port(80), port(81)])
    const stranger = call('net1', 'eth0', '10.1.2.3/24', [port(80, { hostIP: second })], 'c2')
    for (const { config, options } of [one, two, stranger]) await lab.add(portmap, config, options)
    await lab.del(portmap, one.config, one.options)
    assert.deepEqual(mappings(lab.host).sort(), [
      'portmap-addresses4 192.0.2.3 . tcp . 80 : 10.1.2.3 . 80',
      'portmap-ports4 tcp . 81 : 10.2.2.2 . 80',
    ])
    await lab.del(portmap, stranger.config, stranger.options)
    assert.deepEqual(mappings(lab.host).sort(), [
      'portmap-ports4 tcp . 80 : 10.2.2.2 . 80',
      'portmap-ports4 tcp . 81 : 10.2.2.2 . 80',
    ])
    await lab.add(portmap, one.config, one.options)
    await lab.call(portmap, 'GC', { backend: 'nftables', name: 'net2', 'cni.dev/valid-attachments': [] })
    assert.deepEqual(mappings(lab.host), ['portmap-addresses4 192.0.2.1 . tcp . 80 : 10.1.2.2 . 80'])
    await lab.del(portmap, one.config, one.options)
    assert.deepEqual(elements(lab.host), [])
  }))

test('portmap: conditions come with the port that a container waited for', () =>
  withLab(async (lab) => {
    const conditionsV4 = ['ip', 'saddr', '10.0.0.0/8']
    const one = { ...mapping({ cniVersion: '1.1.0', ips: [{ address: '10.1.2.2/24' }] }, [port(80)]), name: 'net1' }
    const two = {
      ...mapping({ cniVersion: '1.1.0', ips: [{ address: '10.2.2.2/24' }] }, [port(80)]),
      name: 'net2',
      conditionsV4,
    }
    await lab.add(portmap, one)
    await lab.add(portmap, two, { ifName: 'eth1' })
    await lab.del(portmap, one)
    assert.match(ruleset(lab.host), /tcp \. 80 comment ".*net: net2.*" : jump portmap-conditions-/)
    assert.equal((await lab.call(portmap, 'CHECK', two, { ifName: 'eth1' })).status, 0)
    await lab.del(portmap, two, { ifName: 'eth1' })
    assert.deepEqual(elements(lab.host), [])
    assert.doesNotMatch(ruleset(lab.host), /chain portmap-conditions/)
  }))
