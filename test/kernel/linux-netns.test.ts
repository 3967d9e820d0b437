import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { readdirSync, readlinkSync, statSync } from 'node:fs'
import { test } from 'node:test'
import { isSameNamespace, Namespace, readSysctl, writeSysctl } from '@patchbay/linux/netns'
import { addLink, listLinks, openRouteSocket } from '@patchbay/linux/route'
import { eventually, openDescriptors, withNamespaces } from '../lab/namespace-fixture.ts'
import { hasLink, ip, linkNames, runIn } from '../lab/witness.ts'

/** The network namespaces that the threads of this process are in. */
function threadNamespaces(): string[] {
  const threads = readdirSync('/proc/self/task').map((thread) => readlinkSync(`/proc/self/task/${thread}/ns/net`))
  return [...new Set(threads)]
}

/** The inode number by which another process, in another namespace, knows what a path leads to. */
function inodeSeenByOthers(path: string): string {
  using elsewhere = Namespace.create()
  return runIn(elsewhere, 'stat', '--dereference', '--format=%i', path).trim()
}

test('Namespace.create() makes a namespace of its own, in which no thread stays', () => {
  const home = threadNamespaces()
  using current = Namespace.current()
  using made = Namespace.create()
  using another = Namespace.create()
  assert.equal(made.is(current) || made.is(another), false)
  assert.equal(made.is(made), true)
  assert.deepEqual(threadNamespaces(), home)
  assert.deepEqual(linkNames(made), ['lo'])
  assert.equal(inodeSeenByOthers(made.path), String(made.identity.inode))
})

test('Namespace.create() makes one that ends when it is closed', () =>
  withNamespaces(['host'], async ({ host }) => {
    const made = Namespace.create()
    ip(host, 'link', 'add', 'v0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', made.path)
    assert.ok(hasLink(host, 'v0'))
    made.close()
    made.close()
    await eventually(() => !hasLink(host, 'v0'), 'the end of the namespace')
  }))

test('Namespace.remove() of one without a name is to close it', () => {
  const before = openDescriptors()
  Namespace.create().remove()
  Namespace.current().remove()
  assert.equal(openDescriptors(), before)
})

test('Namespace.current() is the one of this process, and its path says so to others', () => {
  using current = Namespace.current()
  assert.equal(current.identity.inode, statSync('/proc/self/ns/net', { bigint: true }).ino)
  assert.equal(inodeSeenByOthers(current.path), String(current.identity.inode))
})

test('Namespace.open() opens the namespace of another process', async () => {
  const child = spawn('unshare', ['--net', 'sleep', '60'], { stdio: 'ignore' })
  try {
    const path = `/proc/${child.pid}/ns/net`
    await eventually(() => !isSameNamespace(path, '/proc/self/ns/net'), 'the namespace of the process')
    using opened = Namespace.open(path)
    assert.equal(opened.path, path)
    assert.equal(opened.identity.inode, statSync(path, { bigint: true }).ino)
    using socket = openRouteSocket({ netns: opened })
    assert.deepEqual(
      (await listLinks(socket)).map(({ ifname }) => ifname),
      ['lo'],
    )
  } finally {
    child.kill()
  }
})

test('Namespace.open() says what is no namespace', () => {
  const missing = '/proc/4194305/ns/net'
  assert.throws(() => Namespace.open(missing), {
    name: 'NamespaceNotFoundError',
    path: missing,
    code: 'ENOENT',
    message: `Cannot open the network namespace "${missing}": no such file or directory`,
  })
  assert.throws(() => Namespace.open('/sys/kernel'), {
    name: 'NotANamespaceError',
    path: '/sys/kernel',
    code: 'EINVAL',
    fileSystemType: 0x62656572,
    message: 'Cannot open the network namespace "/sys/kernel": the file is no namespace',
  })
  const name = '/'.padEnd(5000, 'x')
  assert.throws(() => Namespace.open(name), {
    name: 'SystemError',
    syscall: 'statfs',
    code: 'ENAMETOOLONG',
    message: `statfs ${name}: file name too long`,
  })
  assert.throws(() => Namespace.open('/proc/1\0/ns/net'), { code: 'ERR_INVALID_ARG_VALUE' })
})

test('openRouteSocket() fails in what is on the right file system and no network namespace', () => {
  for (const path of ['/proc/self/status', '/proc/self/ns/mnt']) {
    using netns = Namespace.open(path)
    assert.throws(() => openRouteSocket({ netns }), { name: 'SystemError', syscall: 'socket', code: 'EINVAL' })
  }
  assert.equal(threadNamespaces().length, 1)
})

test('isSameNamespace() compares what paths lead to, and a path to nowhere is like no other', () => {
  using current = Namespace.current()
  using made = Namespace.create()
  assert.equal(isSameNamespace('/proc/self/ns/net', current.path), true)
  assert.equal(isSameNamespace(made.path, current.path), false)
  assert.equal(isSameNamespace('/nowhere', '/nowhere'), false)
})

test('sysctls are read and written in a namespace, never in another', () =>
  withNamespaces(['host', 'container'], async ({ host, container }) => {
    const name = 'net.ipv4.ip_forward'
    const own = readSysctl(undefined, name)
    const flipped = own === '0' ? '1' : '0'
    writeSysctl(container.netns, name, flipped)
    assert.equal(readSysctl(container.netns, name), flipped)
    assert.equal(runIn(container, 'cat', '/proc/sys/net/ipv4/ip_forward'), `${flipped}\n`)
    assert.equal(runIn(host, 'cat', '/proc/sys/net/ipv4/ip_forward'), `${own}\n`)
    assert.equal(readSysctl(undefined, name), own)
    assert.equal(threadNamespaces().length, 1)
  }))

test('sysctls of an interface with a dot in its name have a path, and a name with a slash for the dot', () =>
  withNamespaces(['host'], async ({ host }) => {
    ip(host, 'link', 'add', 'v0.5', 'type', 'bridge')
    writeSysctl(host.netns, 'net.ipv4.conf.v0/5.forwarding', '1')
    assert.equal(readSysctl(host.netns, 'net/ipv4/conf/v0.5/forwarding'), '1')
    assert.equal(runIn(host, 'cat', '/proc/sys/net/ipv4/conf/v0.5/forwarding'), '1\n')
  }))

test('readSysctl() and writeSysctl() fail with the system’s error and leave nothing open', () =>
  withNamespaces(['host'], async ({ host }) => {
    const before = openDescriptors()
    const path = '/proc/sys/net/ipv4/conf/nothing/forwarding'
    const missing = { name: 'SystemError', code: 'ENOENT', path, message: `open ${path}: no such file or directory` }
    assert.throws(() => readSysctl(host.netns, 'net.ipv4.conf.nothing.forwarding'), missing)
    assert.throws(() => writeSysctl(host.netns, 'net.ipv4.conf.nothing.forwarding', '1'), missing)
    assert.throws(() => writeSysctl(host.netns, 'net.ipv4.tcp_available_congestion_control', 'x'), { code: 'EACCES' })
    const forward = '/proc/sys/net/ipv4/ip_forward'
    assert.throws(() => writeSysctl(host.netns, 'net.ipv4.ip_forward', 'yes'), {
      syscall: 'write',
      code: 'EINVAL',
      message: `write ${forward}: invalid argument`,
    })
    assert.throws(() => readSysctl(host.netns, 'net/ipv4/conf'), { syscall: 'read', code: 'EISDIR' })
    assert.equal(openDescriptors(), before)
    assert.equal(threadNamespaces().length, 1)
    host.netns.close()
    assert.throws(() => readSysctl(host.netns, 'net.ipv4.ip_forward'), { syscall: 'open', code: 'EBADF' })
    assert.throws(() => writeSysctl(host.netns, 'net.ipv4.ip_forward', '1'), { syscall: 'open', code: 'EBADF' })
  }))

/** A time to live of its own for each of the namespaces n0, n1, ... */
function ttlOf(name: string): number {
  return 100 + Number(name.slice(1))
}

test('a thousand interleaved calls over fifty namespaces go where they belong', async () => {
  const before = openDescriptors()
  const home = linkNames({ path: '/proc/self/ns/net' })
  const names = Array.from({ length: 50 }, (_, number) => `n${number}`)
  await withNamespaces(names, async (namespaces) => {
    const places = Object.entries(namespaces)
    const sockets = new Map(
      places.map(([name, { netns }], number) => [name, openRouteSocket({ netns, offThread: number % 2 === 0 })]),
    )
    const calls = Array.from({ length: 1000 }, async (_, number) => {
      const [name, { netns }] = places[(number * 7) % 50] ?? assert.fail()
      const socket = sockets.get(name) ?? assert.fail()
      const round = Math.floor(number / 50)
      if (round % 2 === 1) return writeSysctl(netns, 'net.ipv4.ip_default_ttl', String(ttlOf(name)))
      await addLink(socket, { ifname: `${name}-${round}`, linkinfo: { link: { kind: 'bridge' } } })
    })
    await Promise.all(calls)
    for (const socket of sockets.values()) socket.close()
    for (const [name, place] of places) {
      const expected = ['lo', ...Array.from({ length: 10 }, (_, round) => `${name}-${2 * round}`)].sort()
      assert.deepEqual(linkNames(place), expected)
      assert.equal(runIn(place, 'cat', '/proc/sys/net/ipv4/ip_default_ttl'), `${ttlOf(name)}\n`)
    }
  })
  assert.deepEqual(linkNames({ path: '/proc/self/ns/net' }), home)
  assert.equal(threadNamespaces().length, 1)
  assert.equal(openDescriptors(), before)
})
