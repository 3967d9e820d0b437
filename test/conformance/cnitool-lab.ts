import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, beforeEach } from 'node:test'
import { patchbay } from '../lab/implementation.ts'
import { type Outcome, World } from '../lab/world.ts'

export const cnitool = join(patchbay.directory, 'cnitool')
export const netns = '/run/netns/c1'

/** The machine of a test: with two containers, and with the network `net1` in /run/net.d. */
export let world: World
beforeEach(async () => {
  world?.[Symbol.dispose]()
  world = await World.open({ containers: ['c1', 'c2'], containerDad: false })
  world.shell('mkdir -p /run/net.d /run/plugins')
  writeConfig('net1', network())
})
after(() => world?.[Symbol.dispose]())

export function network(keys: Readonly<Record<string, unknown>> = {}): string {
  const ipam = { type: 'host-local', subnet: '10.7.0.0/24' }
  const bridge = { type: 'bridge', bridge: 'br1', isGateway: true, ipam }
  return JSON.stringify({ cniVersion: '1.1.0', name: 'net1', plugins: [bridge], ...keys })
}

function writeFile(path: string, text: string, mode = '644'): void {
  world.run(['sh', '-c', 'cat >"$0"; chmod "$1" "$0"', path, mode], { input: text })
}

export function writeConfig(name: string, text: string): void {
  writeFile(`/run/net.d/${name}.conflist`, text)
}

/** Has the network `net1` run a plugin that is a shell script; what it is told is in /run/told afterwards. */
export function usePlugin(script: string, keys: Readonly<Record<string, unknown>> = {}): void {
  writeFile('/run/plugins/own', `#!/bin/sh\nenv | grep ^CNI_ >/run/told; cat >/run/input\n${script}\n`, '755')
  writeConfig('net1', network({ plugins: [{ type: 'own', ...keys }] }))
}

/** Runs cnitool with these variables beside those that say where configurations are. */
export function run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Outcome {
  return world.run([cnitool, ...args], {
    env: {
      PATH: process.env['PATH'],
      NETCONFPATH: '/run/net.d',
      CNI_PATH: `/run/plugins:${patchbay.directory}`,
      ...env,
    },
  })
}

export function succeed(args: readonly string[], env: Readonly<Record<string, string>> = {}): string {
  const { status, stdout, stderr } = run(args, env)
  assert.deepEqual({ status, stderr }, { status: 0, stderr: '' })
  return stdout
}
