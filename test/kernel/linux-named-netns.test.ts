import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmdirSync, statSync, writeFileSync } from 'node:fs'
import { NAMESPACE_DIRECTORY, Namespace, removeNamespace } from '@patchbay/linux/netns'
import { native } from '@patchbay/linux/sys'
import { eventually, openDescriptors, withNamespaces } from '../lab/namespace-fixture.ts'
import { testWithOwnMounts } from '../lab/own-mounts.ts'
import { hasLink, ip, linkNames } from '../lab/witness.ts'

const test = testWithOwnMounts(import.meta.url)

const home = { path: '/proc/self/ns/net' }

/** Names that `ip netns` lists. */
function listed(): string[] {
  return ip(home, 'netns', 'list')
    .split('\n')
    .map((line) => line.split(' ')[0] ?? '')
    .filter((name) => name !== '')
    .sort()
}

/** How often something is mounted at a path or below it. */
/** Those of the machine's /run, which is under the one of this file. */
const hidden = mountPoints('/run/netns')

function mounts(path: string): number {
  return mountPoints(path) - (path === '/run/netns' ? hidden : 0)
}

function mountPoints(path: string): number {
  const points = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
  return points.filter((point) => point === path || point.startsWith(`${path}/`)).length
}

/** A process in a mount namespace of its own, unshared now. */
async function inOtherMounts(propagation: string): Promise<ChildProcess> {
  const child = spawn('unshare', ['--mount', '--propagation', propagation, 'sh', '-c', 'echo; exec sleep 60'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  await new Promise((resolve) => child.stdout?.once('data', resolve))
  return child
}

function existsFor(child: ChildProcess, path: string): boolean {
  const place = [`--mount=/proc/${child.pid}/ns/mnt`, `--root=/proc/${child.pid}/root`]
  return spawnSync('nsenter', [...place, 'test', '-e', path]).status === 0
}

test('Namespace.createNamed() makes what ip netns lists and enters', () => {
  const made = Namespace.createNamed('patchbay-one')
  using second = Namespace.createNamed('patchbay-two')
  assert.deepEqual(listed(), ['patchbay-one', 'patchbay-two'])
  assert.equal(made.path, `${NAMESPACE_DIRECTORY}/patchbay-one`)
  assert.equal(statSync(made.path, { bigint: true }).ino, made.identity.inode)
  ip(home, '-n', 'patchbay-one', 'link', 'add', 'inside', 'type', 'bridge')
  assert.match(ip(home, 'netns', 'exec', 'patchbay-one', 'ip', 'link', 'show', 'inside'), /inside/)
  assert.deepEqual([linkNames(made), linkNames(second)], [['inside', 'lo'], ['lo']])
  made.remove()
  assert.deepEqual(listed(), ['patchbay-two'])
  removeNamespace(second.path)
  assert.deepEqual([readdirSync(NAMESPACE_DIRECTORY), mounts('/run/netns')], [[], 1])
})

test('Namespace.open() and removeNamespace() work on what ip netns made', () => {
  ip(home, 'netns', 'add', 'of-ip')
  using opened = Namespace.open('/var/run/netns/of-ip')
  assert.deepEqual(linkNames(opened), ['lo'])
  removeNamespace(opened.path)
  assert.deepEqual(listed(), [])
})

test('ip netns delete takes what createNamed() made, and remove() is content with that', () => {
  const made = Namespace.createNamed('patchbay')
  ip(home, 'netns', 'delete', 'patchbay')
  made.remove()
  removeNamespace(made.path)
  assert.deepEqual(listed(), [])
})

test('Namespace.close() leaves a named namespace, remove() ends it', () =>
  withNamespaces(['host'], async ({ host }) => {
    const made = Namespace.createNamed('patchbay')
    ip(host, 'link', 'add', 'v0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', made.path)
    made.close()
    assert.deepEqual(linkNames(made), ['eth0', 'lo'])
    Namespace.open(made.path).remove()
    await eventually(() => !hasLink(host, 'v0'), 'the end of the namespace')
  }))

for (const propagation of ['private', 'slave', 'unchanged'])
  test(`Namespace.remove() takes the name out of mount namespaces unshared before, ${propagation}`, () =>
    withNamespaces(['host'], async ({ host }) => {
      const early = await inOtherMounts(propagation)
      const made = Namespace.createNamed('patchbay')
      const late = await inOtherMounts(propagation)
      try {
        ip(host, 'link', 'add', 'v0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', made.path)
        assert.equal(existsFor(late, made.path), true)
        made.remove()
        for (const child of [early, late]) assert.equal(existsFor(child, made.path), false)
        await eventually(() => !hasLink(host, 'v0'), 'the end of the namespace')
      } finally {
        for (const child of [early, late]) child.kill()
      }
    }))

test('Namespace.createNamed() mounts in the mount namespaces that follow this one', async () => {
  Namespace.createNamed('first').remove()
  const follower = await inOtherMounts('slave')
  const made = Namespace.createNamed('patchbay')
  try {
    const place = [`--mount=/proc/${follower.pid}/ns/mnt`, `--root=/proc/${follower.pid}/root`]
    const args = [...place, 'stat', '--file-system', '--format=%T', made.path]
    assert.equal(spawnSync('nsenter', args, { encoding: 'utf8' }).stdout, 'nsfs\n')
  } finally {
    follower.kill()
    made.remove()
  }
})

test('Namespace.createNamed() fails with EEXIST and leaves what has the name', () => {
  using made = Namespace.createNamed('patchbay')
  const before = openDescriptors()
  const taken = { name: 'SystemError', code: 'EEXIST', path: made.path, message: `open ${made.path}: file exists` }
  assert.throws(() => Namespace.createNamed('patchbay'), taken)
  assert.equal(statSync(made.path, { bigint: true }).ino, made.identity.inode)
  made.remove()
  writeFileSync(made.path, 'a file')
  assert.throws(() => Namespace.createNamed('patchbay'), taken)
  assert.equal(readFileSync(made.path, 'utf8'), 'a file')
  removeNamespace(made.path)
  assert.deepEqual(readdirSync(NAMESPACE_DIRECTORY), [])
  assert.equal(openDescriptors(), before - 1)
})

test('Namespace.createNamed() refuses what is no file name', () => {
  for (const name of ['', '.', '..', 'a/b', '/', '../x', 'a\0b'])
    assert.throws(() => Namespace.createNamed(name), {
      name: 'RangeError',
      message: `Cannot create the namespace "${name}": not a file name`,
    })
  assert.throws(() => Namespace.createNamed('x'.repeat(256)), { code: 'ENAMETOOLONG' })
  assert.deepEqual(listed(), [])
})

test('Namespace.createNamed() makes namespaces in another directory', () => {
  const parent = mkdtempSync('/run/patchbay-')
  const directory = `${parent}/netns`
  const [first, second] = [Namespace.createNamed('a', directory), Namespace.createNamed('b', directory)]
  assert.equal(mounts(directory), 3)
  assert.equal(first.is(second), false)
  first.remove()
  second.remove()
  assert.deepEqual([readdirSync(directory), mounts(directory)], [[], 1])
  native().umount(directory, 0)
  rmdirSync(directory)
  rmdirSync(parent)
})
