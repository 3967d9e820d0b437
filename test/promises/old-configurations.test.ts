import assert from 'node:assert/strict'
import { test } from 'node:test'
import { patchbay } from '../lab/implementation.ts'
import { Scene } from '../lab/scene.ts'
import type { JsonObject } from '../lab/witness.ts'
import { World } from '../lab/world.ts'

// Configurations and state of the first versions still work.

const ipam: JsonObject = {
  type: 'host-local',
  ranges: [[{ subnet: '10.1.2.0/24' }], [{ subnet: 'fd00:1::/64' }]],
  routes: [{ dst: '0.0.0.0/0' }, { dst: 'fd99::/16', gw: 'fd00:1::9' }],
}
const config: JsonObject = { name: 'net1', type: 'ptp', dns: { domain: 'a.example' }, ipam }

async function withScene(work: (scene: Scene) => void): Promise<void> {
  using scene = await Scene.open(patchbay)
  work(scene)
}

/** What cnitool prints and how it ends, with one configuration in a directory. */
function cnitool(world: World, command: string, network = 'net1') {
  return world.run([`${patchbay.directory}/cnitool`, command, network, '/run/netns/c1'], {
    env: { PATH: process.env['PATH'], CNI_PATH: patchbay.directory, NETCONFPATH: '/run/net.d' },
  })
}

for (const version of [undefined, '0.1.0', '0.2.0'])
  for (const extension of ['conf', 'json'])
    test(`a single .${extension} file ${version === undefined ? 'without a version' : `of version ${version}`}`, async () => {
      using world = await World.open({ containers: ['c1'], containerDad: true })
      const content = JSON.stringify({ ...config, ...(version !== undefined && { cniVersion: version }) })
      world.run(['sh', '-c', `mkdir /run/net.d; cat >/run/net.d/10-net.${extension}`], { input: content })
      const added = cnitool(world, 'add')
      assert.equal(added.status, 0, added.stderr)
      assert.deepEqual(JSON.parse(added.stdout), {
        cniVersion: version ?? '0.1.0',
        ip4: { ip: '10.1.2.2/24', gateway: '10.1.2.1', routes: [{ dst: '0.0.0.0/0' }] },
        ip6: { ip: 'fd00:1::2/64', gateway: 'fd00:1::1', routes: [{ dst: 'fd99::/16', gw: 'fd00:1::9' }] },
        dns: { domain: 'a.example' },
      })
      assert.match(world.shell('ip -n c1 address show dev eth0'), /inet 10\.1\.2\.2\/24[\s\S]*inet6 fd00:1::2\/64/)
      const deleted = cnitool(world, 'del')
      assert.deepEqual([deleted.status, deleted.stdout], [0, ''], deleted.stderr)
      assert.doesNotMatch(world.shell('ip -n c1 link show; ls /var/lib/cni/networks/net1'), /eth0|10\.1/)
    })

const ipVersion = (version: JsonObject) => [{ ...version, interface: 1, address: '10.1.2.2/24', gateway: '10.1.2.1' }]
const shapes: Record<string, (result: JsonObject) => void> = {
  '0.1.0': (result) => assert.deepEqual(Object.keys(result), ['cniVersion', 'ip4', 'dns']),
  '0.2.0': (result) => assert.deepEqual(Object.keys(result), ['cniVersion', 'ip4', 'dns']),
  '0.3.0': (result) => assert.deepEqual(result['ips'], ipVersion({ version: '4' })),
  '0.3.1': (result) => assert.deepEqual(result['ips'], ipVersion({ version: '4' })),
  '0.4.0': (result) => assert.deepEqual(result['ips'], ipVersion({ version: '4' })),
  '1.0.0': (result) => assert.deepEqual(result['ips'], ipVersion({})),
  '1.1.0': (result) => assert.deepEqual(result['ips'], ipVersion({})),
}
for (const [cniVersion, check] of Object.entries(shapes))
  test(`a result has the shape of version ${cniVersion}`, () =>
    withScene((scene) => {
      const result = scene.add({
        cniVersion,
        name: 'net1',
        type: 'ptp',
        ipam: { type: 'host-local', subnet: '10.1.2.0/24' },
      })
      assert.equal(result['cniVersion'], cniVersion)
      check(result)
    }))

for (const type of ['veth', 'ptp', 'bridge', 'macvlan'])
  test(`${type} DEL knows what to do without the result of ADD`, () =>
    withScene((scene) => {
      scene.shell('ip link add net0 type veth peer name far0')
      const old = { ...config, type, master: 'net0', ipam: { type: 'host-local', subnet: '10.1.2.0/24' } }
      scene.add(old)
      assert.match(scene.inContainer('ip -brief link'), /eth0/)
      assert.deepEqual(scene.call('DEL', old), { status: 0, stdout: '' })
      assert.doesNotMatch(scene.inContainer('ip -brief link'), /eth0/)
      assert.doesNotMatch(scene.shell('ls /var/lib/cni/networks/net1'), /^10/m)
    }))

test('a lease that holds a container id alone is one, and is released', () =>
  withScene((scene) => {
    const leases = '/var/lib/cni/networks/net1'
    scene.shell(`mkdir -p ${leases}; printf c1 >${leases}/10.1.2.7; printf 'c9\\r\\neth0' >${leases}/10.1.2.8`)
    const old = { ...config, ipam: { type: 'host-local', subnet: '10.1.2.0/24' } }
    const { stdout } = scene.call('ADD', old)
    assert.match(stdout, /10\.1\.2\.7 has been allocated to c1, duplicate allocation is not allowed/)
    assert.deepEqual(scene.call('DEL', old), { status: 0, stdout: '' })
    assert.equal(scene.shell(`ls ${leases}/10*`), `${leases}/10.1.2.8\n`)
  }))

test('a configuration of host-local-ptp is refused with a sentence that says what to use, and DEL of one succeeds', () =>
  withScene((scene) => {
    const old = { ...config, type: 'veth', ipam: { type: 'host-local-ptp', subnet: '10.1.2.0/24' } }
    const { status, stdout } = scene.call('ADD', old)
    assert.equal(status, 1)
    assert.match(JSON.parse(stdout).msg, /use "host-local"/)
    assert.equal(scene.shell('ip -brief link show type veth'), '')
    assert.deepEqual(scene.call('DEL', old), { status: 0, stdout: '' })
  }))
