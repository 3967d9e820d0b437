import assert from 'node:assert/strict'
import { readdirSync, readlinkSync } from 'node:fs'
import { test } from 'node:test'
import { getLink } from '@patchbay/linux/route'
import type * as HostsModule from '../../packages/plugins/src/link/hosts.ts'
import { withNamespaces } from '../lab/namespace-fixture.ts'
import { ip, ipJsonOne } from '../lab/witness.ts'

// The package exports plugins alone. The type is that of the very module.
const path = new URL('../../../packages/plugins/dist/src/link/hosts.js', import.meta.url).href
const { openHost } = (await import(path)) as typeof HostsModule

/** The sockets that this process has open. */
function sockets(): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const link = readlinkSync(`/proc/self/fd/${fd}`)
      return link.startsWith('socket:') ? [link] : []
    } catch {
      return []
    }
  })
}

test("openHost() keeps the sockets of this process's own namespace, each for one caller at a time", async () => {
  const own = '/proc/self/ns/net'
  openHost(own)[Symbol.dispose]()
  const before = sockets()
  {
    using first = openHost(own)
    assert.deepEqual(sockets(), before)
    using second = openHost(own)
    assert.notEqual(first.route, second.route)
    assert.equal(sockets().length, before.length + 1)
    assert.equal((await getLink(first.route, 'lo')).index, 1)
    assert.equal((await getLink(second.route, 'lo')).index, 1)
  }
  const hosts = Array.from({ length: 40 }, () => openHost(own))
  for (const host of hosts) host[Symbol.dispose]()
  assert.ok(sockets().length <= before.length + 8)
})

test('openHost() closes those of another namespace, and never mistakes one for the other', () =>
  withNamespaces(['other'], async ({ other }) => {
    ip(other, 'link', 'add', 'here', 'type', 'bridge')
    const before = sockets()
    {
      using host = openHost(other.path)
      assert.equal((await getLink(host.route, 'here')).index, ipJsonOne(other, 'link', 'show', 'here')['ifindex'])
    }
    assert.deepEqual(sockets(), before)
    using own = openHost('/proc/self/ns/net')
    await assert.rejects(getLink(own.route, 'here'), { code: 'ENODEV' })
  }))

test('openHost() closes a socket whose request is under way, instead of keeping it', async () => {
  const host = openHost('/proc/self/ns/net')
  const asked = host.route.requestSlow([])
  const { route } = host
  host[Symbol.dispose]()
  await asked
  using next = openHost('/proc/self/ns/net')
  assert.notEqual(next.route, route)
})

test('openHost() says what is wrong with a path that is no namespace', () => {
  for (const [wrong, message] of [
    ['/nowhere', /^failed to open netns "\/nowhere": failed to Statfs "\/nowhere": no such file or directory$/],
    ['/dev/null/x', /^failed to open netns "\/dev\/null\/x": failed to Statfs "\/dev\/null\/x": not a directory$/],
    ['a\0b', /^failed to open netns/],
    ['', /^failed to open netns/],
  ] as const)
    assert.throws(() => openHost(wrong), { message })
})
