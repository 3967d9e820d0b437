import assert from 'node:assert/strict'
import { readlinkSync } from 'node:fs'
import { test } from 'node:test'
import { parseIP } from '@patchbay/address'
import { Namespace } from '@patchbay/linux/netns'
import { ping } from '@patchbay/linux/packet'
import { patchbay } from '../lab/implementation.ts'
import { Scene } from '../lab/scene.ts'
import type { JsonObject } from '../lab/witness.ts'

// The basic plugins by their first names. Their configurations are of the first kind: one object, no version.

const ipam = { type: 'host-local', subnet: '10.1.2.0/24', routes: [{ dst: '0.0.0.0/0' }] }
const networks: Record<string, JsonObject> = {
  veth: { name: 'net1', type: 'veth', ipam },
  bridge: { name: 'net1', type: 'bridge', bridge: 'cni0', isGateway: true, ipam },
  macvlan: { name: 'net1', type: 'macvlan', master: 'net0', ipam },
}

async function withScene(work: (scene: Scene) => Promise<void> | void): Promise<void> {
  using scene = await Scene.open(patchbay, { containers: ['c1', 'c2'] })
  scene.shell('ip link add net0 type veth peer name far0; ip link set net0 up; ip link set far0 up')
  await work(scene)
}

for (const [name, config] of Object.entries(networks))
  test(`${name} with host-local attaches two containers, which then reach each other, and detaches them`, () =>
    withScene(async (scene) => {
      const first = scene.add(config)
      assert.deepEqual(Object.keys(first), ['cniVersion', 'ip4', 'dns'])
      assert.deepEqual(first['ip4'], { ip: '10.1.2.2/24', gateway: '10.1.2.1', routes: [{ dst: '0.0.0.0/0' }] })
      const second = scene.add(config, { container: 'c2' })
      assert.equal((second['ip4'] as JsonObject)['ip'], '10.1.2.3/24')
      using netns = Namespace.open(scene.netnsOf('c1'))
      assert.equal((await ping({ netns, to: parseIP('10.1.2.3'), timeoutMs: 5000 })).length, 1)
      for (const container of ['c1', 'c2'])
        assert.deepEqual(scene.call('DEL', config, { container }), { status: 0, stdout: '' })
      assert.equal(
        scene.shell('ip -n c1 -brief link; ls /var/lib/cni/networks/net1').replace(/lo .*/, 'lo'),
        'lo\nlast_reserved_ip.0\nlock\n',
      )
    }))

test('veth is the first name of ptp', () =>
  withScene((scene) => {
    assert.equal(readlinkSync(`${patchbay.directory}/veth`), readlinkSync(`${patchbay.directory}/ptp`))
    const config: JsonObject = { ...networks['veth'], cniVersion: '1.0.0' }
    const one = scene.add(config)
    scene.del(config)
    scene.shell('rm -r /var/lib/cni/networks')
    const other = scene.add({ ...config, type: 'ptp' })
    const withoutNames = (result: JsonObject) => JSON.stringify(result).replace(/veth[0-9a-f]{8}/, 'veth')
    assert.equal(withoutNames(other), withoutNames(one))
    const about = scene.call('', config, { plugin: 'veth', env: { CNI_COMMAND: undefined } })
    assert.deepEqual(about, { status: 0, stdout: '' })
  }))

test('host-local leases to whoever asks, and remembers it in a file', () =>
  withScene((scene) => {
    const config: JsonObject = { name: 'net1', type: 'veth', ipam }
    const result = scene.add(config, { plugin: 'host-local' })
    assert.deepEqual(result['ip4'], { ip: '10.1.2.2/24', gateway: '10.1.2.1', routes: [{ dst: '0.0.0.0/0' }] })
    assert.equal(scene.shell('cat /var/lib/cni/networks/net1/10.1.2.2'), 'c1\r\neth0')
  }))
