import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addLink, addLinkRequest, findLink, getLink, linkSummary, setLink } from '@patchbay/linux/route'
import type * as DeleteTogetherModule from '../../packages/patchbay/src/daemon/delete-together.ts'
import type * as LinkDeletionsModule from '../../packages/patchbay/src/daemon/link-deletions.ts'
import { bridgeConfig, DaemonLab, eventually } from '../lab/daemon-lab.ts'
import { type TestNamespace, withNamespaces } from '../lab/namespace-fixture.ts'
import { hasLink, linkNames } from '../lab/witness.ts'

// No part of the package's interface.
const path = new URL('../../../packages/patchbay/dist/src/daemon/link-deletions.js', import.meta.url).href
const { LinkDeletions }: typeof LinkDeletionsModule = await import(path)
const { deleteTogether }: typeof DeleteTogetherModule = await import(new URL('delete-together.js', path).href)

/** A pair with one end in each of two namespaces. */
async function addPair(host: TestNamespace, container: TestNamespace, [ifname, peer]: [string, string]): Promise<void> {
  const data = { peer: { ifname: peer, netNsFd: container.netns.fd } }
  await host.socket.request(addLinkRequest({ ifname, linkinfo: { link: { kind: 'veth', data } } }))
}

/** Deletes a link as a plugin does; without it there is nothing to delete. */
async function deleteLink(
  deletions: LinkDeletionsModule.LinkDeletions,
  { netns }: TestNamespace,
  name: string,
  onAsked = () => {},
): Promise<void> {
  using route = deletions.openSocket(netns)
  const link = await findLink(route, name, { as: linkSummary })
  if (link === undefined) return
  const { asked, gone } = deletions.delete(link, { netns, route })
  asked.then(onAsked)
  await gone
}

test('LinkDeletions deletes many pairs in few requests, and nothing else', async () => {
  await withNamespaces(['host', 'a', 'b'], async ({ host, a, b }) => {
    const deletions = new LinkDeletions(() => [{ path: host.path, isOwn: false }])
    const names = Array.from({ length: 20 }, (_, index) => `eth${index}`)
    for (const [index, name] of names.entries()) await addPair(host, index % 2 ? a : b, [`v${index}`, name])
    await addPair(host, a, ['stays', 'stays'])
    await addLink(host.socket, { ifname: 'br0', linkinfo: { link: { kind: 'bridge', data: {} } } })
    const asked = new Set<string>()
    const deleteEnd = async (name: string, index: number) => {
      await deleteLink(deletions, index % 2 ? a : b, name, () => asked.add(name))
      assert.ok(asked.has(name))
    }
    await Promise.all(names.map(deleteEnd))
    // They are gone as soon as that is said, though the kernel may go on.
    assert.deepEqual(linkNames(host), ['br0', 'lo', 'stays'])
    assert.deepEqual([linkNames(a), linkNames(b)], [['lo', 'stays'], ['lo']])
    await deletions.drain()
    assert.equal(deletions.counts.pending, 0)
    assert.equal(deletions.counts.finished, 20)
    assert.ok(deletions.counts.batches <= 3, `${deletions.counts.batches} requests`)
  })
})

/**
 * Deletes links, and has the kernel seem to go on with each request until it is told to `finish`. A request of which the
 * announcements come only when it has ended, as on a slow machine, looks as if they had come before.
 */
function slowKernel() {
  let finish = () => {}
  const finished = new Promise<void>((resolve) => {
    finish = resolve
  })
  const underWay = { now: 0, most: 0 }
  const deleteSlowly: typeof DeleteTogetherModule.deleteTogether = (netns, indexes) => {
    underWay.most = Math.max(underWay.most, ++underWay.now)
    const deletion = deleteTogether(netns, indexes)
    return { ...deletion, end: deletion.end.then(() => finished).finally(() => underWay.now--) }
  }
  return { deleteSlowly, underWay, finish: () => finish() }
}

test('LinkDeletions begins the next request when the links of the last are gone, not when the kernel has finished', async () => {
  await withNamespaces(['host', 'container'], async ({ host, container }) => {
    const { deleteSlowly, underWay, finish } = slowKernel()
    const deletions = new LinkDeletions(() => [{ path: host.path, isOwn: false }], { deleteLinks: deleteSlowly })
    for (let index = 0; index < 5; index++) await addPair(host, container, [`v${index}`, `eth${index}`])
    for (let index = 0; index < 5; index++) {
      await deleteLink(deletions, container, `eth${index}`)
      assert.equal(hasLink(container, `eth${index}`), false)
    }
    assert.equal(underWay.now, 5)
    assert.equal(deletions.counts.pending, 5)
    finish()
    await deletions.drain()
    assert.deepEqual([linkNames(host), linkNames(container)], [['lo'], ['lo']])
    assert.deepEqual(deletions.counts, { pending: 0, finished: 5, batches: 5 })
  })
})

test('LinkDeletions has links of many calls go together, and begins sooner when there are few', async () => {
  await withNamespaces(['host', 'container'], async ({ host, container }) => {
    const { deleteSlowly, underWay, finish } = slowKernel()
    let calls = 8
    const options = { deleteLinks: deleteSlowly, calls: () => calls }
    const deletions = new LinkDeletions(() => [{ path: host.path, isOwn: false }], options)
    for (let index = 0; index < 6; index++) await addPair(host, container, [`v${index}`, `eth${index}`])
    for (const name of ['eth0', 'eth1']) await deleteLink(deletions, container, name)
    const others = ['eth2', 'eth3', 'eth4'].map((name) => deleteLink(deletions, container, name))
    await eventually('the deletions', () => deletions.counts.pending === 5)
    assert.equal(underWay.now, 2)
    calls = 1
    finish()
    await Promise.all(others)
    await deleteLink(deletions, container, 'eth5')
    await deletions.drain()
    assert.deepEqual([linkNames(host), linkNames(container)], [['lo'], ['lo']])
    assert.deepEqual(deletions.counts, { pending: 0, finished: 6, batches: 4 })
  })
})

test('LinkDeletions has a bounded number of requests under way, and the others wait for their turn', async () => {
  await withNamespaces(['host', 'container'], async ({ host, container }) => {
    const { deleteSlowly, underWay, finish } = slowKernel()
    const deletions = new LinkDeletions(() => [{ path: host.path, isOwn: false }], { deleteLinks: deleteSlowly })
    const names = Array.from({ length: 20 }, (_, index) => `b${index}`)
    for (const ifname of names)
      await addLink(container.socket, { ifname, linkinfo: { link: { kind: 'bridge', data: {} } } })
    await addPair(host, container, ['v0', 'eth0'])
    const all = [...names, 'eth0'].map((name) => deleteLink(deletions, container, name))
    await eventually('the first deletions', () => deletions.counts.pending === 21 && linkNames(container).length === 6)
    assert.equal(underWay.now, 16)
    assert.equal(deletions.counts.pending, 21)
    assert.equal(linkNames(container).length, 1 + 5)
    finish()
    await Promise.all(all)
    await deletions.drain()
    assert.deepEqual([linkNames(host), linkNames(container)], [['lo'], ['lo']])
    assert.deepEqual(deletions.counts, { pending: 0, finished: 21, batches: 21 })
    assert.equal(underWay.most, 16)
  })
})

test('LinkDeletions says that the kernel is at it before it says that a link is gone, however busy the process is', async () => {
  await withNamespaces(['host', 'container'], async ({ host, container }) => {
    const deletions = new LinkDeletions(() => [{ path: host.path, isOwn: false }])
    await addPair(host, container, ['v0', 'eth0'])
    const events: string[] = []
    const end = deleteLink(deletions, container, 'eth0', () => events.push('asked'))
    const gone = end.then(() => events.push('gone'))
    // In the turn of the event loop in which the request is sent, behind it.
    for (let microtask = 0; microtask < 50; microtask++) await undefined
    setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100))
    await gone
    assert.deepEqual(events, ['asked', 'gone'])
    await deletions.drain()
  })
})

test('LinkDeletions deletes a pair whose other end is with a stranger, though the host has a link of that index', async () => {
  await withNamespaces(['host', 'container', 'other'], async ({ host, container, other }) => {
    const deletions = new LinkDeletions(() => [{ path: host.path, isOwn: false }])
    // In each namespace indexes begin anew: these two have the same.
    await addPair(host, container, ['same', 'same'])
    await addPair(other, container, ['v0', 'eth0'])
    await deleteLink(deletions, container, 'eth0')
    await deletions.drain()
    assert.deepEqual(
      [linkNames(host), linkNames(container), linkNames(other)],
      [['lo', 'same'], ['lo', 'same'], ['lo']],
    )
  })
})

test('LinkDeletions deletes links of other kinds where they are', async () => {
  await withNamespaces(['host', 'container'], async ({ host, container }) => {
    const deletions = new LinkDeletions(() => [{ path: host.path, isOwn: false }])
    await addLink(container.socket, { ifname: 'eth0', linkinfo: { link: { kind: 'bridge', data: {} } } })
    await deleteLink(deletions, container, 'eth0')
    assert.deepEqual(linkNames(container), ['lo'])
    await deletions.drain()
  })
})

test('LinkDeletions takes a link that is gone meanwhile for deleted', async () => {
  await withNamespaces(['host', 'container'], async ({ host, container }) => {
    const deletions = new LinkDeletions(() => [{ path: host.path, isOwn: false }])
    await addPair(host, container, ['v0', 'eth0'])
    const link = await getLink(container.socket, 'eth0', { as: linkSummary })
    await deleteLink(deletions, container, 'eth0')
    await deletions.delete(link, { netns: container.netns, route: container.socket }).gone
    await deletions.drain()
    assert.deepEqual([linkNames(host), linkNames(container)], [['lo'], ['lo']])
  })
})

test('LinkDeletions reports a link that cannot be deleted, and does not keep who waits for the kernel to start', async () => {
  await withNamespaces(['container'], async ({ container }) => {
    const deletions = new LinkDeletions(() => [])
    const lo = await getLink(container.socket, 'lo', { as: linkSummary })
    for (const [netns, code] of [
      [container.netns, 'EOPNOTSUPP'],
      [{ fd: 1_000_000 }, 'EBADF'],
    ] as const) {
      const { asked, gone } = deletions.delete(lo, { netns, route: container.socket })
      await asked
      await assert.rejects(gone, { code })
    }
    await deletions.drain()
    assert.equal(deletions.counts.pending, 0)
  })
})

test('LinkDeletions does not mind who else deletes the same links', async () => {
  await withNamespaces(['host', 'container'], async ({ host, container }) => {
    const deletions = new LinkDeletions(() => [{ path: host.path, isOwn: false }])
    for (let index = 0; index < 8; index++) await addPair(host, container, [`v${index}`, `eth${index}`])
    await setLink(host.socket, 'v0', { up: true })
    const names = Array.from({ length: 8 }, (_, index) => `eth${index}`)
    await Promise.all([...names, ...names].map((name) => deleteLink(deletions, container, name)))
    assert.deepEqual(linkNames(host), ['lo'])
    await deletions.drain()
    assert.equal(hasLink(container, 'eth0'), false)
  })
})

test('the daemon answers DEL before the kernel is done, deletes in common, and says how much is left', async () => {
  using lab = await DaemonLab.open()
  lab.script('for i in $(seq 40); do call ADD d$i e$i & done; wait')
  assert.equal(lab.world.shell('ip -br link show type veth | wc -l').trim(), '40')
  lab.script(
    'for i in $(seq 40); do call DEL d$i e$i || echo $i >>/run/failed & done; wait; ip -br link show type veth >/run/left',
  )
  assert.equal(lab.world.shell('cat /run/left'), '')
  assert.notEqual(lab.world.run(['test', '-e', '/run/failed']).status, 0)
  await eventually('the end of the deletions', () => lab.status().deletions.pending === 0)
  const { finished, batches } = lab.status().deletions
  assert.equal(finished, 40)
  assert.ok(batches < 30, `${batches} requests`)
  assert.equal(lab.call('ADD', bridgeConfig()).status, 0)
})
