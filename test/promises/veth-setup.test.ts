import assert from 'node:assert/strict'
import { test } from 'node:test'
import { patchbay } from '../lab/implementation.ts'
import { Scene } from '../lab/scene.ts'
import type { JsonObject } from '../lab/witness.ts'

// What setting up a pair gave, and how it failed; the details are tested with addVethPair().

const config: JsonObject = {
  cniVersion: '1.0.0',
  name: 'net1',
  type: 'bridge',
  ipam: { type: 'host-local', subnet: '10.1.2.0/24' },
}

async function withScene(work: (scene: Scene) => void): Promise<void> {
  using scene = await Scene.open(patchbay)
  work(scene)
}

test('the host end in the result is the one that the host has', () =>
  withScene((scene) => {
    const [, host] = scene.add(config)['interfaces'] as JsonObject[]
    const [link] = JSON.parse(scene.shell(`ip -json link show dev ${host?.['name']}`))
    assert.equal(link.address, host?.['mac'])
    assert.equal(link.link_index, JSON.parse(scene.inContainer('ip -json link show dev eth0'))[0].ifindex)
  }))

test('each host end has a name of its own', () =>
  withScene((scene) => {
    const names = Array.from({ length: 8 }, (_, index) => {
      const [, host] = scene.add(config, { ifName: `eth${index}` })['interfaces'] as JsonObject[]
      return String(host?.['name'])
    })
    for (const name of names) assert.match(name, /^veth[0-9a-f]{8}$/)
    assert.equal(new Set(names).size, names.length)
  }))

test('an interface of the container that is there already is named, and stays as it is', () =>
  withScene((scene) => {
    scene.add(config)
    const before = scene.inContainer('ip address show dev eth0')
    const { status, stdout } = scene.call('ADD', config)
    assert.equal(status, 1)
    assert.match(
      JSON.parse(stdout).msg,
      /^container veth name \("eth0"\) peer provided \("veth[0-9a-f]{8}"\) already exists$/,
    )
    assert.equal(scene.inContainer('ip address show dev eth0'), before)
    assert.equal(scene.shell('ip -brief link show type veth | wc -l'), '1\n')
  }))
