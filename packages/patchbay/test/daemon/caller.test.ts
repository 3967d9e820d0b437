import assert from 'node:assert/strict'
import { readlinkSync, statSync } from 'node:fs'
import { test } from 'node:test'
import { checkNamespaces, checkPaths, namespacesOf, pathsOf } from '../../src/daemon/caller.ts'

const here = { user: 'user:[1]', mount: 'mnt:[2]', pid: 'pid:[3]', net: 'net:[4]', root: '5:6' }

test('checkNamespaces() accepts only who sees what this process sees', () => {
  assert.equal(checkNamespaces({ ...here }, here), undefined)
  // It has a network of its own: that is served where it is.
  assert.equal(checkNamespaces({ ...here, net: 'net:[9]' }, here), undefined)
  for (const key of ['user', 'mount', 'pid', 'root'] as const)
    assert.match(checkNamespaces({ ...here, [key]: 'another' }, here) ?? '', /the caller/)
})

test('namespacesOf() finds this process where it is', () => {
  const { dev, ino } = statSync('/', { bigint: true })
  const [user, mount, pid, net] = ['user', 'mnt', 'pid', 'net'].map((name) => readlinkSync(`/proc/self/ns/${name}`))
  assert.deepEqual(namespacesOf(process.pid), { user, mount, pid, net, root: `${dev}:${ino}` })
  assert.throws(() => namespacesOf(2 ** 30), { code: 'ENOENT', path: `/proc/${2 ** 30}` })
})

const check = (env: Record<string, string>, stdin = '{}') => checkPaths(pathsOf({ name: 'bridge', env, stdin }))

test('checkPaths() refuses what depends on the current directory, and nothing else', () => {
  assert.equal(check({ CNI_PATH: '/opt/cni/bin:/usr/lib/cni', CNI_NETNS: '/run/netns/a' }), undefined)
  assert.equal(check({}), undefined)
  assert.equal(check({}, '{"subnet":"10.0.0.0/8","ipam":{"dataDir":"/var/lib/x","resolvConf":""}}'), undefined)
  assert.equal(check({ CNI_PATH: '/opt/cni/bin:bin' }), '"bin" depends on the current directory')
  assert.equal(check({ CNI_PATH: '/opt/cni/bin:' }), '"." depends on the current directory')
  assert.equal(check({ CNI_NETNS: 'netns/a' }), '"netns/a" depends on the current directory')
  assert.equal(check({}, '{"ipam":{"dataDir" : "leases"}}'), '"leases" depends on the current directory')
  assert.equal(check({}, '{"ipam":{"RESOLVCONF":"./r.conf"}}'), '"./r.conf" depends on the current directory')
})

test('checkPaths() refuses what each process finds for itself, however it is written', () => {
  const ofProcess = [
    '/proc/self/ns/net',
    '/proc/thread-self/ns/net',
    '/proc/self',
    '//proc/./self/fd/3',
    '/run/../dev/fd/3',
  ]
  for (const path of [...ofProcess, '/dev/stdin'])
    assert.equal(check({ CNI_NETNS: path }), `"${path}" leads to what each process has of its own`)
  assert.match(check({ CNI_PATH: '/opt/cni/bin:/proc/self/cwd' }) ?? '', /each process/)
  assert.match(check({}, '{"ipam":{"dataDir":"/proc/self/cwd/leases"}}') ?? '', /each process/)
  for (const path of ['/proc/4711/ns/net', '/run/proc/self', '/proc/selfish', '/dev/fds'])
    assert.equal(check({ CNI_NETNS: path }), undefined)
})
