import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { patchbay } from '../lab/implementation.ts'
import type { JsonObject } from '../lab/witness.ts'
import { World } from '../lab/world.ts'

// Running plugins is a library, not a part of a runtime: plain programs that use it.

const config: JsonObject = {
  cniVersion: '1.0.0',
  name: 'net1',
  type: 'bridge',
  bridge: 'cni0',
  ipam: { type: 'host-local', subnet: '10.1.2.0/24' },
}

function program(name: string): string[] {
  return [process.execPath, fileURLToPath(new URL(`programs/${name}.js`, import.meta.url))]
}

async function withWorld(work: (world: World) => void): Promise<void> {
  using world = await World.open({ containers: ['c1'], containerDad: true })
  work(world)
}

test('a program adds, checks and deletes an attachment with arguments of its own', () =>
  withWorld((world) => {
    const run = (command: string, prevResult?: JsonObject) =>
      world.run([...program('attach'), command, '/run/netns/c1', patchbay.directory], {
        input: JSON.stringify(prevResult ? { ...config, prevResult } : config),
        // What is in the environment does not count.
        env: { PATH: process.env['PATH'], CNI_CONTAINERID: 'other', CNI_IFNAME: 'eth9' },
      })
    const added = run('ADD')
    assert.equal(added.status, 0, added.stderr)
    const result: JsonObject = JSON.parse(added.stdout)
    assert.deepEqual(result['ips'], [{ address: '10.1.2.2/24', gateway: '10.1.2.1', interface: 2 }])
    assert.match(world.shell('ip -n c1 link show net7'), /link\/ether 02:00:00:00:00:07/)
    assert.equal(world.shell('cat /var/lib/cni/networks/net1/10.1.2.2'), 'of-program\r\nnet7')
    assert.equal(run('CHECK', result).status, 0)
    assert.equal(run('DEL').status, 0)
    assert.doesNotMatch(world.shell('ip -n c1 link show'), /net7/)
    assert.notEqual(run('CHECK', result).status, 0)
  }))

test('a plugin hands on just the arguments that it was given', () =>
  withWorld((world) => {
    const call = (command: string, keys: JsonObject = {}) =>
      world.run(program('delegate'), {
        input: JSON.stringify({ ...config, type: 'delegating', delegate: 'bridge', ...keys }),
        env: {
          PATH: process.env['PATH'],
          CNI_COMMAND: command,
          CNI_CONTAINERID: 'given',
          CNI_NETNS: '/run/netns/c1',
          CNI_IFNAME: 'eth3',
          CNI_ARGS: 'IgnoreUnknown=1;MAC=02:00:00:00:00:03',
          CNI_PATH: patchbay.directory,
        },
      })
    const added = call('ADD')
    assert.equal(added.status, 0, added.stderr)
    assert.match(world.shell('ip -n c1 link show eth3'), /link\/ether 02:00:00:00:00:03/)
    assert.equal(world.shell('cat /var/lib/cni/networks/net1/10.1.2.2'), 'given\r\neth3')
    assert.equal(call('CHECK', { prevResult: JSON.parse(added.stdout) }).status, 0)
    assert.equal(call('DEL').status, 0)
    assert.doesNotMatch(world.shell('ip -n c1 link show'), /eth3/)
  }))

test('a program is told by name which plugin is not there, and what a plugin says', () =>
  withWorld((world) => {
    const run = (keys: JsonObject) =>
      world.run([...program('attach'), 'ADD', '/run/netns/c1', patchbay.directory], {
        input: JSON.stringify({ ...config, ...keys }),
      })
    assert.match(run({ type: 'absent' }).stderr, /failed to find plugin "absent" in path \[/)
    assert.match(run({ vlan: 5000 }).stderr, /invalid VLAN ID 5000 \(must be between 0 and 4094\)/)
  }))
