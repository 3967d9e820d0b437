import assert from 'node:assert/strict'
import { readdirSync, readlinkSync } from 'node:fs'
import { test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import { inProcessExecutor } from '@patchbay/cni/plugin'
import { getLink } from '@patchbay/linux/route'
import { hostLocal } from '@patchbay/plugins/host-local'
import { NetContext } from '@patchbay/plugins/net-context'
import { ptp } from '@patchbay/plugins/ptp'
import { eventually, openDescriptors, withNamespaces } from '../lab/namespace-fixture.ts'
import { ip, ipJsonOne, linkNames } from '../lab/witness.ts'

const own = '/proc/self/ns/net'

/** The sockets that this process has open. */
const sockets = () => descriptors(/^socket:/)

/** What this process has open of a kind. */
function descriptors(kind: RegExp): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const link = readlinkSync(`/proc/self/fd/${fd}`)
      return kind.test(link) ? [link] : []
    } catch {
      return []
    }
  })
}

test("NetContext.open() keeps the sockets of this process's own namespace, each for one caller at a time", async () => {
  using context = new NetContext()
  context.open(own)[Symbol.dispose]()
  const before = sockets()
  {
    using first = context.open(own)
    assert.deepEqual(sockets(), before)
    using second = context.open(own)
    assert.notEqual(first.route, second.route)
    assert.equal(sockets().length, before.length + 1)
    assert.equal((await getLink(first.route, 'lo')).index, 1)
    assert.equal((await getLink(second.route, 'lo')).index, 1)
  }
  const hosts = Array.from({ length: 40 }, () => context.open(own))
  for (const host of hosts) host[Symbol.dispose]()
  assert.ok(sockets().length <= before.length + 8)
})

test('NetContext.open() closes those of another namespace, and never mistakes one for the other', () =>
  withNamespaces(['other'], async ({ other }) => {
    using context = new NetContext()
    ip(other, 'link', 'add', 'here', 'type', 'bridge')
    const before = sockets()
    {
      using host = context.open(other.path)
      assert.equal((await getLink(host.route, 'here')).index, ipJsonOne(other, 'link', 'show', 'here')['ifindex'])
    }
    assert.deepEqual(sockets(), before)
    using host = context.open(own)
    await assert.rejects(getLink(host.route, 'here'), { code: 'ENODEV' })
  }))

test('NetContext.open() closes a socket whose request is under way, instead of keeping it', async () => {
  using context = new NetContext()
  const host = context.open(own)
  const asked = host.route.requestSlow([])
  const { route } = host
  host[Symbol.dispose]()
  await asked
  using next = context.open(own)
  assert.notEqual(next.route, route)
})

test('NetContext.open() says what is wrong with a path that leads to no namespace', () => {
  using context = new NetContext()
  for (const [wrong, message] of [
    ['/nowhere', /^failed to open netns "\/nowhere": failed to Statfs "\/nowhere": no such file or directory$/],
    ['/dev/null/x', /^failed to open netns/],
    ['a\0b', /^failed to open netns/],
    ['', /^failed to open netns/],
  ] as const)
    assert.throws(() => context.open(wrong), { message })
})

test('two contexts in one process share nothing, and one that is disposed of leaves nothing open', () => {
  const before = openDescriptors()
  const one = new NetContext()
  const other = new NetContext()
  one.open(own)[Symbol.dispose]()
  const afterOne = openDescriptors()
  other.open(own)[Symbol.dispose]()
  assert.ok(openDescriptors() > afterOne)
  other[Symbol.dispose]()
  assert.equal(openDescriptors(), afterOne)
  // Its user closes it, when nobody keeps it any more.
  const late = one.open(own)
  one[Symbol.dispose]()
  late[Symbol.dispose]()
  assert.equal(openDescriptors(), before)
})

test('plugins that are given nothing to share leave nothing open when their calls are over', () =>
  withNamespaces(['host', 'container'], async ({ host, container }) => {
    const env = { CNI_CONTAINERID: 'c1', CNI_NETNS: container.path, CNI_IFNAME: 'eth0', CNI_PATH: '/' }
    const ipam = { type: 'host-local', subnet: '10.9.0.0/24' }
    const stdin = JSON.stringify({ cniVersion: '1.1.0', name: 'net1', type: 'ptp', ipMasq: true, ipam })
    const before = descriptors(/^(?:socket|net):/)
    for (const hostNetns of [own, host.path]) {
      const executor = inProcessExecutor({ ptp, 'host-local': hostLocal }, { hostNetns })
      for (const CNI_COMMAND of ['ADD', 'DEL']) await executor.run('ptp', { stdin, env: { ...env, CNI_COMMAND } })
      await eventually(
        () => isDeepStrictEqual(descriptors(/^(?:socket|net):/), before),
        'the end of sockets and namespaces',
      )
    }
    assert.deepEqual(linkNames(container), ['lo'])
  }))
