import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Scene } from '../lab/scene.ts'
import type { Json, JsonObject } from '../lab/witness.ts'
import { isReached, network, reach, succeed, withHost } from './packets.ts'

/** A network of the bridge `cni0` that gives one address. */
function vlanNetwork(host: number, keys: JsonObject): JsonObject {
  const addresses = [{ address: `10.1.2.${host}/24` }, { address: `fd00:1:2::${host}/64` }]
  return network('bridge', { bridge: 'cni0', ipam: { type: 'static', addresses }, ...keys })
}

/** Attaches a container and gives the name of its port. */
function attach(scene: Scene, container: string, config: JsonObject): string {
  const prevResult = succeed(scene, 'ADD', config, { container })
  succeed(scene, 'CHECK', config, { container, prevResult })
  const interfaces = prevResult['interfaces'] as { name: string }[]
  return interfaces[1]?.name ?? ''
}

/** The VLANs of a port with their flags, ranges spelt out: `[[5], [100, 'PVID', 'Egress Untagged']]`. */
function vlansOf(scene: Scene, port: string): Json[][] {
  const [shown] = JSON.parse(scene.shell(`bridge -json vlan show dev ${port}`)) as {
    vlans: { vlan: number; vlanEnd?: number; flags?: string[] }[]
  }[]
  return (shown?.vlans ?? []).flatMap(({ vlan, vlanEnd = vlan, flags = [] }) =>
    Array.from({ length: vlanEnd - vlan + 1 }, (_, index) => [vlan + index, ...flags]),
  )
}

const own = ['PVID', 'Egress Untagged']

const ports: Record<string, readonly [JsonObject, Json[][]]> = {
  'a VLAN': [{ vlan: 100 }, [[100, ...own]]],
  'a VLAN beside the default one': [
    { vlan: 100, preserveDefaultVlan: true },
    [
      [1, 'Egress Untagged'],
      [100, ...own],
    ],
  ],
  'a trunk': [{ vlanTrunk: [{ id: 5 }, { minID: 7, maxID: 9 }] }, [[1, ...own], [5], [7], [8], [9]]],
  'a trunk and a VLAN': [{ vlan: 100, vlanTrunk: [{ id: 5 }] }, [[5], [100, ...own]]],
  'a trunk and a VLAN beside the default one': [
    { vlan: 100, vlanTrunk: [{ id: 5 }], preserveDefaultVlan: true },
    [[1, 'Egress Untagged'], [5], [100, ...own]],
  ],
}

for (const [what, [keys, vlans]] of Object.entries(ports))
  test(`bridge ADD puts a port in the VLANs of its network: ${what}`, () =>
    withHost((scene) => {
      const port = attach(scene, 'c1', vlanNetwork(2, keys))
      assert.deepEqual(vlansOf(scene, port), vlans)
      assert.match(scene.shell('ip -details link show cni0'), /vlan_filtering 1/)
    }))

test('bridge: containers of one VLAN reach each other, and those of another do not', () =>
  withHost(async (scene) => {
    attach(scene, 'c1', vlanNetwork(2, { vlan: 100 }))
    attach(scene, 'c2', vlanNetwork(3, { vlan: 100 }))
    attach(scene, 'c3', { ...vlanNetwork(4, { vlan: 200 }), name: 'net2' })
    const first = { scene, from: 'c1' }
    await reach(first, '10.1.2.3', 'fd00:1:2::3')
    for (const address of ['10.1.2.4', 'fd00:1:2::4']) assert.equal(await isReached(first, address), false)
  }))

test('bridge: a container with a trunk gets and sends tagged frames of its VLANs, and no others', () =>
  withHost(async (scene) => {
    attach(scene, 'c1', vlanNetwork(2, { vlanTrunk: [{ minID: 5, maxID: 6 }] }))
    attach(scene, 'c2', vlanNetwork(3, { vlan: 5 }))
    const tagged = (id: number): string => `
      ip link add link eth0 name eth0.${id} type vlan id ${id}
      ip address add 10.1.${id}.2/24 dev eth0.${id}
      ip link set eth0.${id} up`
    for (const id of [5, 7]) scene.inContainer(tagged(id))
    // Of another network: the answer has to come by the VLAN that it was asked in.
    for (const id of [5, 7]) scene.inContainer(`ip address add 10.1.${id}.3/24 dev eth0`, 'c2')
    const first = { scene, from: 'c1' }
    await reach(first, '10.1.5.3')
    assert.equal(await isReached(first, '10.1.7.3'), false)
    // Without a tag it is in VLAN 1.
    assert.equal(await isReached(first, '10.1.2.3'), false)
  }))

test('bridge: the gateway of a VLAN is an interface of its own that answers there alone', () =>
  withHost(async (scene) => {
    const gateway = { isDefaultGateway: true, ipMasq: true }
    attach(scene, 'c1', vlanNetwork(2, { vlan: 100, ...gateway }))
    attach(scene, 'c2', vlanNetwork(3, { vlan: 200 }))
    const [first, stranger] = ['c1', 'c2'].map((from) => ({ scene, from }))
    assert.ok(first && stranger)
    // Beyond the gateway the host forwards and masquerades.
    await reach(first, '10.1.2.1', 'fd00:1:2::1', '192.0.2.2', '2001:db8::2')
    assert.equal(await isReached(stranger, '10.1.2.1'), false)
    assert.match(scene.shell('ip -o address show dev cni0.100'), /10\.1\.2\.1\/24/)
    assert.doesNotMatch(scene.shell('ip -o address show dev cni0'), /10\.1\.2\.1/)
    succeed(scene, 'DEL', vlanNetwork(2, { vlan: 100, ...gateway }))
    assert.match(scene.shell('ip -o address show dev cni0.100'), /10\.1\.2\.1\/24/)
    attach(scene, 'c1', vlanNetwork(2, { vlan: 100, ...gateway }))
    await reach(first, '10.1.2.1')
  }))

test('bridge: a VLAN interface of the host on the bridge reaches the containers of that VLAN', () =>
  withHost(async (scene) => {
    attach(scene, 'c1', vlanNetwork(2, { vlan: 100 }))
    attach(scene, 'c2', vlanNetwork(3, { vlan: 200 }))
    scene.shell(`
      ip link add link cni0 name own0 type vlan id 100
      bridge vlan add dev cni0 vid 100 self
      ip address add 10.1.2.9/24 dev own0
      ip link set own0 up`)
    await reach({ scene, from: 'c1' }, '10.1.2.9')
    assert.equal(await isReached({ scene, from: 'c2' }, '10.1.2.9'), false)
  }))
