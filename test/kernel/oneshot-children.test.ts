import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { executables } from '../lab/daemon-lab.ts'
import type { JsonObject } from '../lab/witness.ts'
import { type Outcome, World } from '../lab/world.ts'

/** What lives on when a call of the one-shot executable has returned: the children that the kernel keeps waiting. */

let world: World

before(async () => {
  world = await World.open({ containers: [], containerDad: false })
  world.shell('mkdir /run/cwd; ip link add net0 type veth peer name far0; ip link set net0 up; ip link set far0 up')
})
after(() => world[Symbol.dispose]())

/** What another test may have left. */
const cleanUp = 'umount -l /run/netns/c1 /run/cwd 2>/run/none || :; rm -f /run/netns/c1'

const ipam = { type: 'host-local', subnet: '10.7.0.0/24' }
const configs: Readonly<Record<string, JsonObject>> = {
  bridge: { type: 'bridge', bridge: 'cni0', isGateway: true, ipMasq: true, macspoofchk: true, ipam },
  ptp: { type: 'ptp', ipMasq: true, ipam },
  macvlan: { type: 'macvlan', master: 'net0', ipam },
  loopback: { type: 'loopback' },
}

const traced = '-f -qq -o /dev/null -e trace=sendto,exit_group,close_range'
/** The first request of each process ends two seconds late, and every process ends a third of a second late. */
const slowly = `strace ${traced} -e inject=sendto:delay_exit=2000000:when=1 -e inject=exit_group:delay_enter=300000`
/** Nobody may have a child, not even by vfork. */
const alone =
  'strace -f -qq -o /dev/null -e trace=clone,clone3,fork,vfork -e inject=clone,clone3,fork,vfork:error=EAGAIN'

function call(command: string, plugin: string, script = '"$0" </run/input'): Outcome {
  const env = {
    PATH: process.env['PATH'],
    CNI_COMMAND: command,
    CNI_CONTAINERID: 'c1',
    CNI_NETNS: '/run/netns/c1',
    CNI_IFNAME: 'eth0',
    CNI_PATH: executables,
    PATCHBAY_SOCKET: '/nowhere',
  }
  const input = JSON.stringify({ cniVersion: '1.1.0', name: 'n1', ...configs[plugin] })
  return world.run(['sh', '-c', `cat >/run/input; ${script}`, join(executables, plugin)], { env, input })
}

const oldKernel = {
  plugin: 'bridge',
  name: 'Without close_range(2), bridge',
  options: '-e inject=close_range:error=ENOSYS',
}

/** Calls DEL, and lists at once how many descriptors each process has that is left, and which mounts are busy. */
const lookAfterwards = (options: string) => `exec ${slowly} ${options} sh -c '
  cd /run/cwd
  "$0" </run/input >&2 || exit 1
  cd /
  for exe in /proc/[0-9]*/exe; do
    [ "$exe" -ef "${join(executables, 'patchbay-plugins')}" ] || continue
    # Not of a test beside this one.
    [ "\${exe%exe}ns/mnt" -ef /proc/self/ns/mnt ] || continue
    set -- "\${exe%exe}"fd/*
    echo "child with $#"
  done
  umount /run/netns/c1 || echo namespace is busy
  umount /run/cwd || echo working directory is busy' "$0"`

const cases = [...Object.keys(configs).map((plugin) => ({ plugin, name: plugin, options: '' })), oldKernel]

for (const { plugin, name, options } of cases)
  test(`${name} DEL leaves nothing busy, and its children keep nothing but what they send by`, () => {
    world.shell(`${cleanUp}; ip netns add c1; mount -t tmpfs none /run/cwd`)
    assert.equal(call('ADD', plugin).status, 0)
    const { status, stdout, stderr } = call('DEL', plugin, lookAfterwards(options))
    assert.deepEqual({ status, stderr }, { status: 0, stderr: '' }, stdout)
    const lines = stdout.split('\n').filter((line) => line !== '')
    // The end of all netfilter sockets is left to one child, which has a pipe too.
    for (const line of lines) assert.match(line, /^child with [123]$/)
    assert.equal(lines.length > 0, plugin !== 'loopback', 'no child was looked at')
  })

test('DEL does its work where the process may have no child', () => {
  world.shell(`${cleanUp}; ip netns add c1`)
  assert.equal(call('ADD', 'bridge').status, 0)
  const { status, stdout } = call('DEL', 'bridge', `exec ${alone} "$0" </run/input`)
  assert.deepEqual({ status, stdout }, { status: 0, stdout: '' })
  assert.doesNotMatch(world.shell('ip -n c1 -o link'), /eth0/)
})

test('DEL answers where neither it nor its child can send', () => {
  world.shell(`${cleanUp}; ip netns add c1`)
  assert.equal(call('ADD', 'ptp').status, 0)
  const unable = 'strace -f -qq -o /dev/null -e trace=sendto -e inject=sendto:error=ENOMEM:when=1'
  const { status, stdout } = call('DEL', 'ptp', `exec ${unable} "$0" </run/input`)
  assert.equal(status, 1)
  assert.match(stdout, /cannot allocate memory/)
  assert.equal(call('DEL', 'ptp').status, 0)
})
