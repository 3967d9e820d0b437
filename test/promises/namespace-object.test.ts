import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readlinkSync, statSync, writeFileSync } from 'node:fs'
import { Namespace, NamespaceNotFoundError, NotANamespaceError, readSysctl, writeSysctl } from '@patchbay/linux/netns'
import { addLink, openRouteSocket } from '@patchbay/linux/route'
import { testWithOwnMounts } from '../lab/own-mounts.ts'
import { ip, linkNames } from '../lab/witness.ts'

const test = testWithOwnMounts(import.meta.url)

/** The namespace that this process is in, as the kernel names it. */
function here(): string {
  return readlinkSync('/proc/self/ns/net')
}

function inode(path: string): bigint {
  return statSync(path, { bigint: true }).ino
}

test('a namespace that was made is mounted in /var/run/netns, with an inode that stays', () => {
  const made = Namespace.createNamed('cni-test')
  assert.equal(made.path, '/var/run/netns/cni-test')
  const { inode: number } = made.identity
  assert.equal(inode(made.path), number)
  made.close()
  // Nobody holds it any more but its name.
  assert.equal(inode('/var/run/netns/cni-test'), number)
  using again = Namespace.open('/var/run/netns/cni-test')
  assert.deepEqual(again.identity, { device: statSync(again.path, { bigint: true }).dev, inode: number })
  again.remove()
  assert.equal(existsSync('/var/run/netns/cni-test'), false)
})

test('another process enters a namespace by the path', () => {
  const made = Namespace.createNamed('cni-test')
  const { stdout } = spawnSync('nsenter', [`--net=${made.path}`, 'readlink', '/proc/self/ns/net'], { encoding: 'utf8' })
  assert.equal(stdout.trim(), `net:[${made.identity.inode}]`)
  assert.match(ip({ path: '/proc/self/ns/net' }, 'netns', 'list'), /^cni-test/)
  made.remove()
})

test('each namespace is another one, and none is that of this process', () => {
  const before = here()
  using one = Namespace.create()
  using two = Namespace.create()
  using own = Namespace.current()
  const inodes = [one, two, own].map(({ identity }) => identity.inode)
  assert.equal(new Set(inodes).size, 3)
  assert.equal(`net:[${own.identity.inode}]`, before)
  assert.equal(here(), before)
})

test('what is done in a namespace is done there alone, and this process never leaves its own', async () => {
  using one = Namespace.create()
  using two = Namespace.create()
  const before = here()
  using first = openRouteSocket({ netns: one })
  using second = openRouteSocket({ netns: two })
  await Promise.all(
    [first, second].map((socket, index) =>
      addLink(socket, { ifname: `br${index}`, linkinfo: { link: { kind: 'bridge' } } }),
    ),
  )
  writeSysctl(one, 'net/ipv4/ip_forward', '1')
  assert.deepEqual(
    [linkNames(one), linkNames(two)],
    [
      ['br0', 'lo'],
      ['br1', 'lo'],
    ],
  )
  assert.deepEqual([readSysctl(one, 'net/ipv4/ip_forward'), readSysctl(two, 'net/ipv4/ip_forward')], ['1', '0'])
  assert.equal(here(), before)
})

test('work that fails in a namespace leaves this process where it is', async () => {
  const before = here()
  using netns = Namespace.create()
  using socket = openRouteSocket({ netns })
  await assert.rejects(addLink(socket, { ifname: 'x0', linkinfo: { link: { kind: 'no-such-kind' } } as never }))
  assert.throws(() => readSysctl(netns, 'net/no/such/file'), { code: 'ENOENT' })
  assert.equal(here(), before)
})

test('a path that is no namespace is refused, and one that is not there is told apart', () => {
  writeFileSync('/run/file', '')
  assert.throws(() => Namespace.open('/run/file'), NotANamespaceError)
  assert.throws(() => Namespace.open('/run/absent'), NamespaceNotFoundError)
})

test('closing a namespace that was opened leaves its name; closing it again does nothing', () => {
  Namespace.createNamed('cni-test').close()
  const opened = Namespace.open('/var/run/netns/cni-test')
  opened.close()
  opened.close()
  assert.ok(existsSync(opened.path))
  opened.remove()
  opened.remove()
  assert.equal(existsSync(opened.path), false)
})
