import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MAC } from '@patchbay/address'
import { SystemError } from '@patchbay/linux/sys'
import type * as VethPairModule from '../../packages/plugins/src/link/veth-pair.ts'
import { type TestNamespace, withNamespaces } from '../lab/namespace-fixture.ts'
import { assertShows, ip, ipJsonOne, linkNames } from '../lab/witness.ts'

// The package exports plugins alone. The type is that of the very module.
const path = new URL('../../../packages/plugins/dist/src/link/veth-pair.js', import.meta.url).href
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

test('addVethPair() gives the host end a name and a group that follow from the attachment', () =>
  withEnds(async ({ host, container }) => {
    const owner = { name: 'net1', containerId: 'c1', ifName: 'eth0' }
    const make = (ifName: string, attachment = owner) => addVethPair(host, container, { ifName, owner: attachment })
    const first = await make('eth0')
    assert.match(first.ifname, /^veth[0-9a-f]{8}$/)
    ip(host, 'link', 'delete', first.ifname)
    assert.equal((await make('eth0')).ifname, first.ifname)
    const [second, elsewhere] = [await make('eth1'), await make('eth2', { ...owner, name: 'net2' })]
    const groupOf = ({ ifname }: { ifname: string }) => Number(ipJsonOne(host, 'link', 'show', ifname)['group'])
    assert.equal(new Set([first, second, elsewhere].map(({ ifname }) => ifname)).size, 3)
    assert.equal(groupOf(second), groupOf(first))
    assert.notEqual(groupOf(elsewhere), groupOf(first))
    assert.ok([first, elsewhere].every((pair) => groupOf(pair) >= 0x20000000 && groupOf(pair) < 0x40000000))
    assert.equal(ipJsonOne(container, 'link', 'show', 'eth0')['group'], 'default')
  }))

test('addVethPair() leaves no pair when the answer of the kernel is lost', () =>
  withEnds(async ({ host, container }) => {
    // Bound to the socket, which is a class with private fields.
    const route = Object.create(host.route, {
      find: { value: host.route.find.bind(host.route) },
      requestSlow: {
        value: async (...args: Parameters<typeof host.route.requestSlow>) => {
          const answer = await host.route.requestSlow(...args)
          if ([args[0]].flat()[0]?.name !== 'RTM_NEWLINK') return answer
          assert.equal(linkNames(container).includes('eth0'), true)
          throw new SystemError('recv', 5)
        },
      },
    })
    const owner = { name: 'net1', containerId: 'c1', ifName: 'eth0' }
    for (const options of [{ owner }, {}])
      await assert.rejects(addVethPair({ ...host, route }, container, { ifName: 'eth0', ...options }), {
        message: 'failed to make veth pair: recv: input/output error',
      })
    assert.deepEqual([linkNames(host), linkNames(container)], [['lo'], ['lo']])
  }))

test('randomVethName() is another one each time', () => {
  const names = new Set(Array.from({ length: 1000 }, () => randomVethName()))
  assert.ok(names.size > 990)
  for (const name of names) assert.match(name, /^veth[0-9a-f]{8}$/)
})
