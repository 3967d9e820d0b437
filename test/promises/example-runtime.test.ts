import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, beforeEach, test } from 'node:test'
import { patchbay } from '../lab/implementation.ts'
import { type Outcome, World } from '../lab/world.ts'
import { root } from './outside-project.ts'

const program = join(root, 'examples/dist/runtime/run.js')
const env = { PATH: process.env['PATH'], NETCONFPATH: '/run/net.d', CNI_PATH: `/run/plugins:${patchbay.directory}` }
let world: World

beforeEach(async () => {
  world?.[Symbol.dispose]()
  world = await World.open({ containers: [], containerDad: false })
  world.shell('mkdir -p /run/net.d /run/plugins')
  configure()
})
after(() => world?.[Symbol.dispose]())

/** A bridge, then a plugin that is a shell script if one is given. */
function configure(script?: string): void {
  const ipam = { type: 'host-local', subnet: '10.7.0.0/24' }
  const bridge = { type: 'bridge', bridge: 'br1', isDefaultGateway: true, ipam }
  const plugins = script === undefined ? [bridge] : [bridge, { type: 'own' }]
  const network = JSON.stringify({ cniVersion: '1.1.0', name: 'net1', plugins })
  world.run(['sh', '-c', 'cat >/run/net.d/net1.conflist'], { input: network })
  const text = `#!/bin/sh\n${script}\n`
  world.run(['sh', '-c', 'cat >/run/plugins/own; chmod 755 /run/plugins/own'], { input: text })
}

function run(...args: readonly string[]): Outcome {
  return world.run([process.execPath, program, ...args], { env })
}

/** Starts the program, sends it a signal once a file is there, and waits for its end. */
function interrupt(signal: string, file: string, ...args: readonly string[]): Outcome {
  const script = `"$@" & pid=$!
    until test -e ${file}; do sleep 0.02; done
    kill -${signal} $pid
    wait $pid`
  return world.run(['sh', '-c', script, 'sh', process.execPath, program, ...args], { env })
}

/** No namespace, no interface, no lease and no cached result is left; the bridge stays, as always. */
function nothingIsLeft(): void {
  const look = `ls /run/netns; ip -o link show type veth
    find /var/lib/cni -type f | grep -v -e /lock$ -e /last_reserved_ip.0$ -e /.patchbay.boot$ || true`
  assert.equal(world.shell(look), '')
}

test('the example has fewer than 60 lines', () => {
  const text = readFileSync(join(root, 'examples/runtime/run.ts'), 'utf8')
  assert.ok((text.match(/\n/g) ?? []).length < 60)
})

test('run runs a command that has the network, and takes all away afterwards', () => {
  const script = 'ip -o -4 address show eth0; ip route; ls /run/netns; cat'
  const { status, stdout, stderr } = run('net1', 'sh', '-c', script)
  assert.deepEqual({ status, stderr }, { status: 0, stderr: '' })
  assert.match(stdout, /eth0 +inet 10\.7\.0\.2\/24 .*\ndefault via 10\.7\.0\.1 dev eth0.*\n.*\nrun-\d+\n$/)
  nothingIsLeft()
})

const endings: Readonly<Record<string, { args: readonly string[]; status: number; stderr: RegExp }>> = {
  'that fails': { args: ['sh', '-c', 'exit 7'], status: 7, stderr: /^$/ },
  'that is killed': { args: ['sh', '-c', 'kill -9 $$'], status: 137, stderr: /^$/ },
  'that does not exist': { args: ['no-such-command'], status: 127, stderr: /no-such-command/ },
}

for (const [what, { args, ...expected }] of Object.entries(endings)) {
  test(`run ends as a command ${what}, and leaves nothing behind`, () => {
    const { status, stderr } = run('net1', ...args)
    assert.equal(status, expected.status)
    assert.match(stderr, expected.stderr)
    nothingIsLeft()
  })
}

test('run says which plugin fails, and takes back what those before it did', () => {
  configure(`test $CNI_COMMAND = DEL || { echo '{"code":100,"msg":"not today"}'; exit 1; }`)
  const { status, stderr } = run('net1', 'true')
  assert.deepEqual({ status, stderr }, { status: 1, stderr: 'run: plugin type="own" failed (add): not today\n' })
  nothingIsLeft()
})

test('run says that a network is nowhere, before it makes anything', () => {
  const { status, stderr } = run('net2', 'true')
  const expected = 'run: no net configuration with name "net2" in /run/net.d\n'
  assert.deepEqual({ status, stderr }, { status: 1, stderr: expected })
  world.shell('test ! -e /run/netns; test ! -e /var/lib/cni')
})

for (const signal of ['INT', 'TERM']) {
  test(`run ends its command at SIG${signal}, and leaves nothing behind`, () => {
    const { status, stderr } = interrupt(
      signal,
      '/run/started',
      'net1',
      'sh',
      '-c',
      'touch /run/started; exec sleep 50',
    )
    assert.deepEqual({ status, stderr }, { status: 143, stderr: '' })
    nothingIsLeft()
  })

  test(`run ends an ADD that is under way at SIG${signal}, and leaves nothing behind`, () => {
    configure('test $CNI_COMMAND = DEL || { touch /run/started; exec sleep 50; }')
    const { status, stderr } = interrupt(signal, '/run/started', 'net1', 'true')
    assert.deepEqual({ status, stderr }, { status: 1, stderr: `run: SIG${signal}\n` })
    nothingIsLeft()
  })
}
