import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { executables } from '../lab/daemon-lab.ts'
import { type Outcome, World } from '../lab/world.ts'

/** Plugins, by the shim and the one-shot executable, where the system lets them have or do less than usual. */

let world: World

before(async () => {
  world = await World.open({ containers: ['c1'], containerDad: false })
  world.shell('mkdir /run/own')
})
after(() => world[Symbol.dispose]())

const config = {
  cniVersion: '1.1.0',
  name: 'n1',
  type: 'bridge',
  bridge: 'cni0',
  isGateway: true,
  ipMasq: true,
  ipam: { type: 'host-local', subnet: '10.7.0.0/24' },
}

const variables = {
  PATH: process.env['PATH'],
  CNI_COMMAND: 'ADD',
  CNI_CONTAINERID: 'c1',
  CNI_NETNS: '/run/netns/c1',
  CNI_IFNAME: 'eth0',
  CNI_PATH: `/run/own:${executables}`,
  PATCHBAY_SOCKET: '/nowhere',
}

/** Runs a shell script whose `$0` is the plugin; the configuration is in /run/input. */
function call(script: string, env: NodeJS.ProcessEnv = {}): Outcome {
  const { status, stdout, stderr } = world.run(
    ['sh', '-c', `cat >/run/input; ${script}`, join(executables, 'bridge')],
    {
      env: { ...variables, ...env },
      input: JSON.stringify(config),
    },
  )
  return { status, stdout, stderr }
}

/** A plugin of the test's own. */
function install(name: string, script: string): void {
  world.shell(`cat >/run/own/${name} <<'END'\n#!/bin/sh\n${script}\nEND\nchmod 755 /run/own/${name}`)
}

function assertNothingLeft(): void {
  assert.doesNotMatch(world.shell('ip -n c1 -o link'), /eth0/)
  assert.doesNotMatch(world.shell('ls /var/lib/cni/networks/n1 2>/dev/null || :'), /10\.7/)
  assert.doesNotMatch(world.shell('nft list ruleset'), /10\.7/)
}

/** The text of the error object. */
function assertFails({ status, stdout, stderr }: Outcome, msg: RegExp): void {
  assert.equal(status, 1, stdout)
  assert.match(JSON.parse(stdout).msg, msg)
  assert.equal(stderr, '')
  assertNothingLeft()
}

function detach(): void {
  assert.equal(call('exec "$0" </run/input', { CNI_COMMAND: 'DEL' }).status, 0)
  assertNothingLeft()
}

test('a limit on the size of files is an error', () => {
  assertFails(call('ulimit -f 0; exec "$0" </run/input'), /file too large/)
})

test('a limit on the size of files ends programs that a plugin starts', () => {
  install('host-local', `ulimit -f 0; exec sh -c 'exec dd if=/dev/zero of=/run/large bs=1 count=1' 2>/run/dd; exit 0`)
  world.shell('rm -f /run/large')
  assertFails(call('exec "$0" </run/input'), /signal: file size limit exceeded/)
  world.shell('rm /run/own/host-local')
})

test('a limit on memory is an error', () => {
  for (const kib of [8000, 7700, 7400]) {
    const { status, stdout, stderr } = call(`ulimit -v ${kib}; exec "$0" </run/input`)
    assert.deepEqual({ status, stderr }, { status: 1, stderr: '' })
    assert.deepEqual(JSON.parse(stdout), { code: 999, msg: 'Cannot go on: out of memory' })
  }
})

test('ADD does not begin with few descriptors, and DEL does', () => {
  for (const limit of [12, 20, 30]) {
    assertFails(call(`ulimit -n ${limit}; exec "$0" </run/input`), /too many open files/)
    assert.equal(call(`ulimit -n ${limit}; exec "$0" </run/input`, { CNI_COMMAND: 'DEL' }).status, 0)
  }
})

test('ADD does not begin with a small stack, and DEL does', () => {
  for (const kib of [255, 64, 48, 40, 32]) {
    assertFails(call(`ulimit -s ${kib}; exec "$0" </run/input`), /^Cannot begin: stack too small, RLIMIT_STACK /)
  }
  assert.equal(call('ulimit -s 256; exec "$0" </run/input').status, 0)
  assert.equal(call('ulimit -s 128; exec "$0" </run/input', { CNI_COMMAND: 'DEL' }).status, 0)
  assertNothingLeft()
})

const injected = 'strace -f -qq -o /dev/null'

test('an error before the plugin begins is an error object', () => {
  const readlink = `exec ${injected} -e trace=readlink,readlinkat -e inject=readlink,readlinkat:error=EACCES`
  assertFails(call(`${readlink} "$0" </run/input`), /^Cannot find the executable: \/proc\/self\/exe/)
  const direct = `exec -a bridge ${join(executables, 'patchbay-plugins')}`
  assertFails(call(`${readlink} bash -c '${direct}' </run/input`), /readlink '\/proc\/self\/exe'/)
})

test('ADD and DEL do without threads', () => {
  const alone = `exec ${injected} -e trace=clone,clone3 -e inject=clone,clone3:error=EAGAIN "$0" </run/input`
  assert.equal(call(alone).status, 0)
  assert.equal(call(alone, { CNI_COMMAND: 'DEL' }).status, 0)
  assertNothingLeft()
})

for (const signal of ['INT', 'HUP', 'TERM'])
  test(`SIG${signal} ends a call that waits, with what it made undone`, () => {
    install('host-local', 'touch /run/started; exec sleep 30')
    const script = `rm -f /run/started; env --default-signal=INT "$0" </run/input & child=$!
      until [ -e /run/started ]; do sleep 0.01; done; kill -${signal} $child; wait $child`
    assertFails(call(script), new RegExp(`terminated by SIG${signal}`))
    world.shell('rm /run/own/host-local')
  })

test('a signal that the caller has a plugin ignore does nothing', () => {
  install('host-local', `kill -HUP $PPID; exec ${join(executables, 'host-local')}`)
  const { status, stdout } = call('trap "" HUP; exec "$0" </run/input')
  assert.equal(status, 0, stdout)
  world.shell('rm /run/own/host-local')
  detach()
})

test('standard error that cannot be written fails no call', () => {
  install('host-local', `echo warning >&2; exec ${join(executables, 'host-local')}`)
  assert.equal(call('exec "$0" </run/input 2>/dev/full').status, 0)
  world.shell('rm /run/own/host-local')
  detach()
})

test('without /dev a closed stream is not taken for a file', () => {
  const script = `exec unshare -m sh -c 'mount -t tmpfs none /dev; exec "$0" </run/input >&-' "$0"`
  assert.match(call(script).stderr, /^Cannot write to standard output: EBADF/)
  assertNothingLeft()
})
