import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { patchbay, reference } from '../lab/implementation.ts'
import { type Outcome, World } from '../lab/world.ts'
import { badCalls, badIpams } from './bad-calls.ts'

const implementations = reference ? [patchbay, reference] : [patchbay]

let world: World
before(async () => {
  world = await World.open({ containers: ['c1'], containerDad: false })
})
after(() => world[Symbol.dispose]())

/** Calls bridge with these variables. Its input is a file, because it may end before it has read any. */
function callBridge(directory: string, env: Readonly<Record<string, string | undefined>>, input: string): Outcome {
  world.run(['sh', '-c', 'cat >/run/input'], { input })
  return world.run(['sh', '-c', 'exec "$0" </run/input', `${directory}/bridge`], { env: { ...env } })
}

/** An error as plugins print it: four spaces, no newline at the end. */
function printed(error: object): string {
  return JSON.stringify(error, null, 4)
}

function detailed(error: object, who: string, ownDetails: string | undefined): object {
  return ownDetails && who === 'patchbay' ? { ...error, details: ownDetails } : error
}

const complete = { CNI_CONTAINERID: 'c1', CNI_NETNS: '/nowhere', CNI_IFNAME: 'eth0', CNI_PATH: '/nowhere' }

for (const { name: who, directory } of implementations) {
  for (const { name, command, env, stdin, error, ownDetails } of badCalls) {
    test(`bridge of ${who} answers to ${name}`, () => {
      const { status, stdout, stderr } = callBridge(directory, { ...complete, CNI_COMMAND: command, ...env }, stdin)
      assert.equal(stdout, error ? printed(detailed(error, who, ownDetails)) : '')
      assert.equal(stderr, '')
      assert.equal(status, error ? 1 : 0)
    })
  }

  for (const { name, program, mode = '755', error, ownDetails } of badIpams) {
    test(`bridge of ${who} answers when its IPAM plugin is bad: ${name}`, () => {
      world.shell(`rm -rf /run/ipam; mkdir -p /run/ipam${program === undefined ? `/${name}` : ''}`)
      if (program !== undefined)
        world.run(['sh', '-c', `cat >/run/ipam/${name}; chmod ${mode} /run/ipam/${name}`], { input: program })
      const config = { cniVersion: '1.1.0', name: 'n1', type: 'bridge', ipam: { type: name } }
      const env = { ...complete, CNI_NETNS: '/run/netns/c1', CNI_PATH: '/run/ipam', CNI_COMMAND: 'ADD' }
      const { status, stdout } = callBridge(directory, env, JSON.stringify(config))
      const links = world.shell('ip -netns c1 -o link show; ip -netns c1 link delete eth0 2>/dev/null || true')
      assert.equal(stdout, printed(detailed(error, who, ownDetails)))
      assert.equal(status, 1)
      // The reference leaves the interface until DEL.
      assert.equal(/ eth0@/.test(links), who === 'reference')
    })
  }
}

test('VERSION is answered whatever else the call says', () => {
  const expected =
    '{"cniVersion":"1.1.0","supportedVersions":["0.1.0","0.2.0","0.3.0","0.3.1","0.4.0","1.0.0","1.1.0"]}\n'
  for (const { directory } of implementations) {
    const env = { CNI_COMMAND: 'VERSION', CNI_CONTAINERID: '../x', CNI_IFNAME: '..', CNI_ARGS: 'x' }
    const { status, stdout, stderr } = callBridge(directory, env, '{')
    assert.deepEqual({ status, stdout, stderr }, { status: 0, stdout: expected, stderr: '' })
  }
})
