import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MAC } from '@patchbay/address'
import type * as VethPairModule from '../../packages/plugins/src/veth-pair.ts'
import { type TestNamespace, withNamespaces } from './namespace-fixture.ts'
import { assertShows, ip, ipJsonOne, linkNames } from './witness.ts'

// The package exports plugins alone. The type is that of the very module.
const path = new URL('../../../packages/plugins/dist/src/veth-pair.js', import.meta.url).href
const { addVethPair, randomVethName } = (await import(path)) as typeof VethPairModule

/** A host and a container, as plugins have them. */
async function withEnds(
  work: (
    ends: Record<'host' | 'container', TestNamespace & { route: TestNamespace['socket'] } & Disposable>,
  ) => Promise<void>,
): Promise<void> {
  const asHost = (place: TestNamespace) => ({ ...place, route: place.socket, [Symbol.dispose]: () => {} })
  await withNamespaces(['host', 'container'], ({ host, container }) =>
    work({ host: asHost(host), container: asHost(container) }),
  )
}

/** Names to try, one after another. */
function namesFrom(names: readonly string[]): () => string {
  const left = names.values()
  return () => left.next().value ?? 'none'
}

test('addVethPair() makes both ends where they belong, each with the other as its peer', () =>
  withEnds(async ({ host, container }) => {
    // The indexes of the two namespaces drift apart.
    for (const name of ['a0', 'a1', 'a2']) ip(host, 'link', 'add', name, 'type', 'bridge')
    const pair = await addVethPair(host, container, { ifName: 'eth0', mtu: 1400, mac: MAC.parse('02:00:00:00:00:01') })
    const { ifname: name } = pair
    assert.match(name, /^veth[0-9a-f]{8}$/)
    const [near, far] = [ipJsonOne(host, 'link', 'show', name), ipJsonOne(container, 'link', 'show', 'eth0')]
    assert.notEqual(near['ifindex'], far['ifindex'])
    assert.deepEqual(
      [pair.index, String(pair.address), pair.peerIndex],
      [near['ifindex'], near['address'], far['ifindex']],
    )
    assertShows(near, { mtu: 1400, link_index: Number(far['ifindex']) })
    assertShows(far, { address: '02:00:00:00:00:01', mtu: 1400, link_index: Number(near['ifindex']) })
  }))

test('addVethPair() makes a port of a bridge, and leaves both ends down', () =>
  withEnds(async ({ host, container }) => {
    ip(host, 'link', 'add', 'br0', 'type', 'bridge')
    const master = Number(ipJsonOne(host, 'link', 'show', 'br0')['ifindex'])
    const { ifname: name } = await addVethPair(host, container, { ifName: 'eth0', master })
    assertShows(ipJsonOne(host, 'link', 'show', name), { master: 'br0' })
    for (const end of [ipJsonOne(host, 'link', 'show', name), ipJsonOne(container, 'link', 'show', 'eth0')])
      assert.ok(!String(end['flags']).includes('UP'))
  }))

test('addVethPair() tries another name when one is taken on the host', () =>
  withEnds(async ({ host, container }) => {
    ip(host, 'link', 'add', 'veth00000001', 'type', 'bridge')
    // A name that the container has is free on the host.
    ip(container, 'link', 'add', 'veth00000002', 'type', 'bridge')
    const nextName = namesFrom(['veth00000001', 'veth00000001', 'veth00000002'])
    assert.equal((await addVethPair(host, container, { ifName: 'eth0', nextName })).ifname, 'veth00000002')
    assert.deepEqual(linkNames(host), ['lo', 'veth00000001', 'veth00000002'])
    assert.equal(ipJsonOne(host, 'link', 'show', 'veth00000001')['link_index'], undefined)
  }))

test('addVethPair() gives up after ten names that are taken', () =>
  withEnds(async ({ host, container }) => {
    ip(host, 'link', 'add', 'veth00000001', 'type', 'bridge')
    let tried = 0
    const nextName = () => {
      tried++
      return 'veth00000001'
    }
    const making = addVethPair(host, container, { ifName: 'eth0', nextName })
    await assert.rejects(making, { message: 'failed to find a unique veth name' })
    assert.equal(tried, 10)
    assert.deepEqual([linkNames(host), linkNames(container)], [['lo', 'veth00000001'], ['lo']])
  }))

test('addVethPair() reports a name that is taken in the container, and leaves that interface as it is', () =>
  withEnds(async ({ host, container }) => {
    ip(container, 'link', 'add', 'eth0', 'address', '02:00:00:00:00:09', 'type', 'bridge')
    const before = ipJsonOne(container, 'link', 'show', 'eth0')
    const nextName = namesFrom(['vethaaaaaaaa', 'vethbbbbbbbb'])
    await assert.rejects(addVethPair(host, container, { ifName: 'eth0', nextName }), {
      message: 'container veth name ("eth0") peer provided ("vethaaaaaaaa") already exists',
    })
    assert.deepEqual(ipJsonOne(container, 'link', 'show', 'eth0')['address'], before['address'])
    assert.deepEqual([linkNames(host), linkNames(container)], [['lo'], ['eth0', 'lo']])
  }))

test('addVethPair() reports the name in the container when both are taken', () =>
  withEnds(async ({ host, container }) => {
    ip(host, 'link', 'add', 'veth00000001', 'type', 'bridge')
    ip(container, 'link', 'add', 'eth0', 'type', 'bridge')
    const making = addVethPair(host, container, { ifName: 'eth0', nextName: () => 'veth00000001' })
    await assert.rejects(making, /^Error: container veth name \("eth0"\) peer provided .* already exists$/)
  }))

test('randomVethName() is another one each time', () => {
  const names = new Set(Array.from({ length: 1000 }, () => randomVethName()))
  assert.ok(names.size > 990)
  for (const name of names) assert.match(name, /^veth[0-9a-f]{8}$/)
})
