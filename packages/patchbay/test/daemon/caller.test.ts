import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkPaths, checkWhereabouts, whereaboutsOf } from '../../src/daemon/caller.ts'

const here = { user: 'user:[1]', mount: 'mnt:[2]', pid: 'pid:[3]', root: '4:5' }

test('checkWhereabouts() accepts only who sees what this process sees', () => {
  assert.equal(checkWhereabouts({ ...here }, here), undefined)
  for (const key of ['user', 'mount', 'pid', 'root'] as const)
    assert.match(checkWhereabouts({ ...here, [key]: 'another' }, here) ?? '', /the caller/)
})

test('whereaboutsOf() finds this process where it is', () => {
  assert.deepEqual(whereaboutsOf(process.pid), whereaboutsOf('self'))
  assert.match(whereaboutsOf('self').mount, /^mnt:\[\d+\]$/)
  assert.throws(() => whereaboutsOf(2 ** 30))
})

test('checkPaths() refuses what depends on the current directory, and nothing else', () => {
  const check = (env: Record<string, string>, stdin = '{}') => checkPaths({ name: 'bridge', env, stdin })
  assert.equal(check({ CNI_PATH: '/opt/cni/bin:/usr/lib/cni', CNI_NETNS: '/run/netns/a' }), undefined)
  assert.equal(check({}), undefined)
  assert.equal(check({}, '{"subnet":"10.0.0.0/8","ipam":{"dataDir":"/var/lib/x","resolvConf":""}}'), undefined)
  assert.equal(check({ CNI_PATH: '/opt/cni/bin:bin' }), '"bin" depends on the current directory')
  assert.equal(check({ CNI_NETNS: 'netns/a' }), '"netns/a" depends on the current directory')
  assert.equal(check({}, '{"ipam":{"dataDir" : "leases"}}'), '"leases" depends on the current directory')
  assert.equal(check({}, '{"ipam":{"RESOLVCONF":"./r.conf"}}'), '"./r.conf" depends on the current directory')
})
