import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { addLink, getLink } from '@patchbay/linux/route'
import {
  addClass,
  addFilter,
  addQdisc,
  deleteFilters,
  deleteQdisc,
  ETH_P,
  everyPacket,
  handleOf,
  hierarchicalTokenBuckets,
  ingressHandle,
  listClasses,
  listFilters,
  listQdiscs,
  type QdiscKind,
  readTokenBucket,
  redirectTo,
  TC_H,
  TC_H_MIN,
  type TokenBucket,
  tokenBucket,
  tokenBucketClass,
} from '@patchbay/linux/tc'
import { type TestNamespace, withNamespaces } from '../lab/namespace-fixture.ts'
import { runIn } from '../lab/witness.ts'

/** Makes a pair and gives the indexes of its ends. */
async function pair({ socket }: TestNamespace): Promise<{ first: number; second: number }> {
  const { index } = await addLink(socket, {
    ifname: 'first',
    linkinfo: { link: { kind: 'veth', data: { peer: { ifname: 'second' } } } },
  })
  return { first: index, second: (await getLink(socket, 'second')).index }
}

const tc = (place: TestNamespace, words: string): string => runIn(place, 'tc', ...words.split(' '))

/** What tc(8) shows of a link in two namespaces, which must be the same. */
function assertSame(ours: TestNamespace, theirs: TestNamespace, words: string): void {
  const [shown, expected] = [tc(ours, words), tc(theirs, words)]
  assert.equal(shown, expected, words)
  assert.notEqual(shown.trim(), '', words)
}

const buckets: readonly [bucket: TokenBucket, words: string][] = [
  [{ rate: 1_000_000n, burst: 10_000, limit: 20_000 }, 'rate 8mbit burst 10000 limit 20000'],
  [{ rate: 125n, burst: 2_000, limit: 3_000 }, 'rate 1kbit burst 2000 limit 3000'],
  // Does not fit into 32 bits.
  [{ rate: 12_500_000_000n, burst: 1_000_000, limit: 2_000_000 }, 'rate 100gbit burst 1000000 limit 2000000'],
]

describe('queueing disciplines', () => {
  test('addQdisc() makes the token buckets that tc(8) makes, and listQdiscs() reads both', () =>
    withNamespaces(['ours', 'theirs'], async ({ ours, theirs }) => {
      const [{ first }] = [await pair(ours), await pair(theirs)]
      for (const [bucket, words] of buckets) {
        await addQdisc(ours.socket, { index: first, handle: handleOf(1), qdisc: tokenBucket(bucket) })
        tc(theirs, `qdisc add dev first root handle 1: tbf ${words}`)
        assertSame(ours, theirs, '-details qdisc show dev first')
        for (const { socket } of [ours, theirs]) {
          const [found] = await listQdiscs(socket, { index: first })
          assert.deepEqual([found?.parent, found?.handle], [TC_H.ROOT, handleOf(1)])
          const read = found && readTokenBucket(found.qdisc)
          assert.deepEqual([read?.rate, read?.limit], [bucket.rate, bucket.limit])
          assert.ok(Math.abs((read?.burst ?? 0) - bucket.burst) <= bucket.burst / 100, `burst ${read?.burst}`)
        }
        await deleteQdisc(ours.socket, { index: first })
        tc(theirs, 'qdisc del dev first root')
      }
    }))

  test('addQdisc() fails with EEXIST where one has been put, and replaces it when told to', () =>
    withNamespaces(['host'], async ({ host }) => {
      const { first } = await pair(host)
      const [[small], [, , large]] = [buckets[0] ?? [], buckets]
      assert.ok(small && large)
      const qdisc = { index: first, handle: handleOf(1) }
      await addQdisc(host.socket, { ...qdisc, qdisc: tokenBucket(small) })
      await assert.rejects(addQdisc(host.socket, { ...qdisc, qdisc: tokenBucket(large[0]) }), {
        operation: 'RTM_NEWQDISC',
        code: 'EEXIST',
        object: `"tbf" queueing discipline at root of link ${first}`,
      })
      await addQdisc(host.socket, { ...qdisc, qdisc: tokenBucket(large[0]) }, 'replace')
      assert.match(tc(host, 'qdisc show dev first'), /tbf 1: root .* rate 100Gbit/)
      await deleteQdisc(host.socket, qdisc)
      assert.doesNotMatch(tc(host, 'qdisc show dev first'), /tbf/)
    }))

  test('addQdisc() says which kind the kernel does not know', () =>
    withNamespaces(['host'], async ({ host }) => {
      const { first } = await pair(host)
      const qdisc: QdiscKind = { kind: 'other', name: 'nothing' }
      await assert.rejects(addQdisc(host.socket, { index: first, qdisc }), { code: 'ENOENT', message: /"nothing"/ })
    }))
})

describe('classes', () => {
  test('addClass() makes the classes that tc(8) makes, and listClasses() reads both', () =>
    withNamespaces(['ours', 'theirs'], async ({ ours, theirs }) => {
      const [{ first }] = [await pair(ours), await pair(theirs)]
      const root = handleOf(1)
      await addQdisc(ours.socket, { index: first, handle: root, qdisc: hierarchicalTokenBuckets(0x30) })
      tc(theirs, 'qdisc add dev first root handle 1: htb default 30')
      const rates = { rate: 1_000_000n, ceil: 12_500_000_000n, burst: 50_000, quantum: 3_000 }
      const handle = handleOf(1, 0x30)
      await addClass(ours.socket, { index: first, parent: root, handle, class: tokenBucketClass(rates) })
      tc(
        theirs,
        'class add dev first parent 1: classid 1:30 htb rate 8mbit ceil 100gbit burst 50000 cburst 50000 quantum 3000',
      )
      assertSame(ours, theirs, '-details qdisc show dev first')
      assertSame(ours, theirs, '-details class show dev first')
      for (const { socket } of [ours, theirs]) {
        const [found] = await listClasses(socket, first)
        assert.deepEqual([found?.parent, found?.handle], [TC_H.ROOT, handle])
        const data = found?.class.kind === 'htb' ? found.class.data : undefined
        assert.deepEqual([data?.parms?.rate.rate, data?.ceil64], [1_000_000, 12_500_000_000n])
      }
    }))
})

describe('filters', () => {
  test('addFilter() redirects packets as tc(8) does, and listFilters() reads both', () =>
    withNamespaces(['ours', 'theirs'], async ({ ours, theirs }) => {
      const [{ first, second }] = [await pair(ours), await pair(theirs)]
      await addQdisc(ours.socket, {
        index: first,
        parent: TC_H.INGRESS,
        handle: ingressHandle,
        qdisc: { kind: 'other', name: 'ingress' },
      })
      tc(theirs, 'qdisc add dev first ingress')
      const place = { index: first, parent: ingressHandle }
      await addFilter(ours.socket, { ...place, priority: 1, filter: everyPacket([redirectTo(second)]) })
      // Without a match, tc(8) refuses what the kernel takes.
      tc(
        theirs,
        'filter add dev first parent ffff: protocol all prio 1 u32 match u32 0 0 action mirred egress redirect dev second',
      )
      const shown = (where: TestNamespace) =>
        tc(where, 'filter show dev first parent ffff:').replace(/\n *match .*/, '')
      assert.match(shown(ours), /protocol all pref 1 u32 .*.*mirred \(Egress Redirect to device second\) stolen/s)
      assert.equal(shown(ours).replace(/\s+/g, ' '), shown(theirs).replace(/\s+/g, ' '))
      for (const { socket } of [ours, theirs]) {
        const found = (await listFilters(socket, place)).at(-1)
        assert.deepEqual([found?.priority, found?.protocol, found?.parent], [1, ETH_P.ALL, ingressHandle])
        const action = found?.filter.kind === 'u32' ? found.filter.data?.act?.[0]?.action : undefined
        assert.equal(action?.kind === 'mirred' ? action.data?.parms?.ifindex : undefined, second)
      }
    }))

  test('deleteFilters() deletes those of a priority, or all', () =>
    withNamespaces(['host'], async ({ host }) => {
      const { first } = await pair(host)
      tc(host, 'qdisc add dev first clsact')
      const place = { index: first, parent: handleOf(0xffff, TC_H_MIN.EGRESS) }
      const listed = async () => (await listFilters(host.socket, place)).map(({ priority }) => priority)
      for (const priority of [1, 2, 3])
        await addFilter(host.socket, {
          ...place,
          priority,
          protocol: ETH_P.IP,
          filter: everyPacket([], handleOf(1, priority)),
        })
      assert.deepEqual(new Set(await listed()), new Set([1, 2, 3]))
      await deleteFilters(host.socket, { ...place, priority: 2, protocol: ETH_P.IP })
      assert.deepEqual(new Set(await listed()), new Set([1, 3]))
      assert.doesNotMatch(tc(host, 'filter show dev first egress'), /pref 2 /)
      await deleteFilters(host.socket, place)
      assert.equal(tc(host, 'filter show dev first egress').trim(), '')
      await assert.rejects(deleteFilters(host.socket, { ...place, priority: 2, protocol: ETH_P.IP }), {
        code: 'ENOENT',
      })
    }))
})

test('handleOf() refuses what is no handle', () => {
  assert.throws(() => handleOf(65536), { name: 'RangeError', message: /65536:0/ })
  assert.throws(() => tokenBucket({ rate: 0n, burst: 1, limit: 1 }), RangeError)
})
