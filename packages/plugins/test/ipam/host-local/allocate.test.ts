import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { CIDR, type IP, parseCIDR, parseIP } from '@patchbay/address'
import { allocate } from '../../../src/ipam/host-local/allocate.ts'
import type { RangeConf } from '../../../src/ipam/host-local/range.ts'
import { canonicalRangeSets, type RangeSet, rangeFor } from '../../../src/ipam/host-local/range.ts'
import { roundRobin } from '../../../src/ipam/host-local/round-robin.ts'
import { MemoryStore } from './memory-store.ts'
import { forAll, forAllAsync, type SeededRandom } from './seeded-random.ts'

/** A few ranges with few addresses each, apart from each other, some with their gateway inside. */
function randomSet(random: SeededRandom, family: 4 | 6, index: number): RangeSet {
  const base = family === 4 ? `10.${index}` : `fd00:${index + 1}`
  const confs = Array.from({ length: 1 + random.below(3) }, (_, at): RangeConf => {
    const subnet = parseCIDR(family === 4 ? `${base}.${at}.0/28` : `${base}:${at}::/124`)
    const rangeStart = subnet.network.add(random.below(8))
    const rangeEnd = rangeStart.add(random.below(8))
    const inside = subnet.network.add(random.below(16))
    return {
      subnet,
      ...(random.chance(70) ? { rangeStart, rangeEnd } : {}),
      ...(random.chance(70) ? { gateway: inside } : {}),
    }
  })
  const [set = []] = canonicalRangeSets([confs])
  return set
}

/** Every address of a set in order, walked one by one; gateways are marked. */
function walk(set: RangeSet): { ip: IP; isGateway: boolean }[] {
  return set.flatMap(({ start, end, gateway }) => {
    const found: { ip: IP; isGateway: boolean }[] = []
    for (let ip: IP | undefined = start; ip !== undefined && ip.compare(end) <= 0; ip = ip.next()) {
      found.push({ ip, isGateway: ip.equals(gateway) })
    }
    return found
  })
}

/** Round robin by the book: behind the last one, once around. */
function expectedOrder(set: RangeSet, last: IP | undefined): string[] {
  const all = walk(set)
  const at = all.findIndex(({ ip }) => last?.equals(ip)) + 1
  return [...all.slice(at), ...all.slice(0, at)].filter(({ isGateway }) => !isGateway).map(({ ip }) => String(ip))
}

function ownerOf(number: number): { containerId: string; ifName: string } {
  return { containerId: `c${number}`, ifName: 'eth0' }
}

test('roundRobin() goes once around without the gateways, from any address on', () => {
  forAll((random) => {
    const set = randomSet(random, random.pick([4, 6]), 0)
    const outside = ['192.0.2.1', '2001:db8::', '255.255.255.255'].map(parseIP)
    const last = random.chance(10) ? undefined : random.pick([...walk(set).map(({ ip }) => ip), ...outside])
    const seen = [...roundRobin(set, last)].flatMap(({ start, end }) => {
      const range = rangeFor(set, start)
      assert.ok(range)
      return walk([{ ...range, start, end }]).map(({ ip }) => String(ip))
    })
    assert.deepEqual(seen, expectedOrder(set, last))
  }, 2000)
})

test('allocate() gives out every address of a set once, in order, and then says that the set is exhausted', async () => {
  await forAllAsync(async (random) => {
    const set = randomSet(random, random.pick([4, 6]), 0)
    const store = new MemoryStore()
    const expected = expectedOrder(set, undefined)
    const given: string[] = []
    for (const number of expected.keys()) {
      const [lease] = await allocate(store, { owner: ownerOf(number), sets: [set], requested: [] })
      given.push(String(lease?.address.address))
    }
    assert.deepEqual(given, expected)
    const ranges = set.map(({ start, end }) => `${start}-${end}`).join(',')
    await assert.rejects(() => allocate(store, { owner: ownerOf(-1), sets: [set], requested: [] }), {
      message: `failed to allocate for range 0: no IP addresses available in range set: ${ranges}`,
    })
  }, 300)
})

test('allocate() gives the next free address behind the last one in any history of leases and releases', async () => {
  await forAllAsync(async (random) => {
    const sets = [randomSet(random, 4, 0), randomSet(random, 6, 1)]
    const store = new MemoryStore()
    for (let step = 0; step < 60; step++) {
      const owner = ownerOf(random.below(25))
      if (random.chance(40)) await store.releaseAll(owner)
      else await checkTurn(store, { owner, sets })
    }
  }, 300)
})

async function checkTurn(
  store: MemoryStore,
  { owner, sets }: { owner: ReturnType<typeof ownerOf>; sets: RangeSet[] },
): Promise<void> {
  const before = new Set(store.leases.keys())
  const held = (await store.leasesOf(owner)).map(({ ip }) => String(ip))
  const next = sets.map((set, index) => expectedOrder(set, store.last.get(index)).find((ip) => !before.has(ip)))
  const expected = held.length > 0 ? held : next
  if (expected.includes(undefined)) {
    await assert.rejects(
      () => allocate(store, { owner, sets, requested: [] }),
      /^Error: failed to allocate for range \d: /,
    )
    assert.deepEqual(new Set(store.leases.keys()), before, 'a failure leaves the leases as they were')
    return
  }
  const given = await allocate(store, { owner, sets, requested: [] })
  assert.deepEqual(
    given.map(({ address }) => String(address.address)),
    expected,
  )
}

const twoSets = canonicalRangeSets([
  [{ subnet: parseCIDR('10.0.0.0/24'), rangeStart: parseIP('10.0.0.10') }],
  [{ subnet: parseCIDR('fd00::/64'), gateway: parseIP('fd00::ff') }],
])
const owner = ownerOf(1)

test('allocate() gives requested addresses with the prefix length and the gateway of their range', async () => {
  const store = new MemoryStore()
  const requested = ['fd00::77', '10.0.0.77'].map(parseIP)
  assert.deepEqual(await allocate(store, { owner, sets: twoSets, requested }), [
    { address: CIDR.parse('10.0.0.77/24'), gateway: parseIP('10.0.0.1') },
    { address: CIDR.parse('fd00::77/64'), gateway: parseIP('fd00::ff') },
  ])
  assert.equal(String(store.last.get(0)), '10.0.0.77', 'the next search begins behind it')
})

const failures: readonly (readonly [requested: readonly string[], message: string])[] = [
  [['fd00::ff'], "failed to allocate for range 1: requested ip fd00::ff is subnet's gateway"],
  [['10.0.0.9'], 'failed to allocate all requested IPs: 10.0.0.9'],
  [['10.0.0.10', '10.0.0.11', '192.0.2.1', '10.0.0.11'], 'failed to allocate all requested IPs: 10.0.0.11 192.0.2.1'],
  [
    ['10.0.0.50'],
    'failed to allocate for range 0: requested IP address 10.0.0.50 is not available in range set 10.0.0.10-10.0.0.254',
  ],
  [
    ['10.0.0.60', 'fd00::50'],
    'failed to allocate for range 1: requested IP address fd00::50 is not available in range set ' +
      'fd00::1-fd00::ffff:ffff:ffff:ffff',
  ],
]

test('allocate() refuses requested addresses that it cannot give, and keeps none', async () => {
  for (const [requested, message] of failures) {
    const store = new MemoryStore()
    for (const taken of ['10.0.0.50', 'fd00::50']) await store.reserve(parseIP(taken), { owner: ownerOf(2), set: 0 })
    const allocation = { owner, sets: twoSets, requested: requested.map(parseIP) }
    await assert.rejects(() => allocate(store, allocation), { message })
    assert.deepEqual([...store.leases.keys()], ['10.0.0.50', 'fd00::50'], message)
  }
})

test('allocate() gives the same addresses again, and what is missing', async () => {
  const store = new MemoryStore()
  const [first, second] = await allocate(store, { owner, sets: twoSets, requested: [parseIP('10.0.0.77')] })
  assert.deepEqual(await allocate(store, { owner, sets: twoSets, requested: [] }), [first, second])
  assert.deepEqual(await allocate(store, { owner, sets: twoSets, requested: [parseIP('10.0.0.77')] }), [first, second])
  await store.release(parseIP('fd00::1'))
  const [again, other] = await allocate(store, { owner, sets: twoSets, requested: [] })
  assert.deepEqual([again, String(other?.address)], [first, 'fd00::2/64'])
  assert.equal(store.leases.size, 2)
})

const duplicate = (ip: string, range: number) => ({
  message: `failed to allocate for range ${range}: ${ip} has been allocated to c1, duplicate allocation is not allowed`,
})

test('allocate() refuses another address of a set that the owner has one of, and keeps that one', async () => {
  const store = new MemoryStore()
  await allocate(store, { owner, sets: twoSets, requested: [] })
  const before = [...store.leases.keys()]
  const requested = [parseIP('10.0.0.99')]
  await assert.rejects(() => allocate(store, { owner, sets: twoSets, requested }), duplicate('10.0.0.10', 0))
  assert.deepEqual([...store.leases.keys()], before)
})

test('allocate() refuses to give again what the interface has', async () => {
  const store = new MemoryStore()
  await allocate(store, { owner, sets: twoSets, requested: [] })
  const before = [...store.leases.keys()]
  const again = { owner, sets: twoSets, requested: [], configured: ['10.0.0.9', 'fd00::1'].map(parseIP) }
  await assert.rejects(() => allocate(store, again), duplicate('fd00::1', 1))
  const requested = { ...again, requested: [parseIP('fd00::1')] }
  await assert.rejects(() => allocate(store, requested), duplicate('fd00::1', 1))
  assert.deepEqual([...store.leases.keys()], before)
})

test('allocate() takes a lease in the old form for that of some interface', async () => {
  const store = new MemoryStore()
  await allocate(store, { owner, sets: twoSets, requested: [] })
  const leasesOf = store.leasesOf.bind(store)
  store.leasesOf = async (owner) => (await leasesOf(owner)).map(({ ip }) => ({ ip, ownership: 'container' }))
  await assert.rejects(() => allocate(store, { owner, sets: twoSets, requested: [] }), duplicate('10.0.0.10', 0))
  const requested = ['10.0.0.99', 'fd00::99'].map(parseIP)
  const given = await allocate(store, { owner, sets: twoSets, requested })
  assert.deepEqual(
    given.map(({ address }) => String(address)),
    ['10.0.0.99/24', 'fd00::99/64'],
  )
})

test('allocate() undoes what it has leased, and only that, when leases cannot be synced', async () => {
  const store = new MemoryStore()
  await allocate(store, { owner, sets: twoSets.slice(0, 1), requested: [] })
  store.sync = async () => {
    throw new Error('fsync /x: input/output error')
  }
  const allocation = { owner, sets: twoSets, requested: [] }
  await assert.rejects(() => allocate(store, allocation), { message: 'fsync /x: input/output error' })
  assert.deepEqual([...store.leases.keys()], ['10.0.0.10'])
})

test('allocate() looks at the directory again before it says that no address is free', async () => {
  const store = new MemoryStore()
  const only = canonicalRangeSets([[{ subnet: parseCIDR('10.0.0.0/30') }]])
  await store.reserve(parseIP('10.0.0.2'), { owner: ownerOf(2), set: 0 })
  store.refresh = async () => store.leases.delete('10.0.0.2')
  const [lease] = await allocate(store, { owner, sets: only, requested: [] })
  assert.equal(String(lease?.address), '10.0.0.2/30')
})

test('allocate() goes on behind an address that turns out to be taken', async () => {
  const store = new MemoryStore()
  const reserve = store.reserve.bind(store)
  store.reserve = async (ip, options) => String(ip) !== '10.0.0.10' && (await reserve(ip, options))
  const [lease] = await allocate(store, { owner, sets: twoSets, requested: [] })
  assert.equal(String(lease?.address), '10.0.0.11/24')
})

test('allocate() tells also what it could not release', async () => {
  const store = new MemoryStore()
  store.release = async () => {
    throw new Error('unlink /x/10.0.0.10: read-only file system')
  }
  await assert.rejects(
    () => allocate(store, { owner, sets: twoSets, requested: [parseIP('fd00::ff')] }),
    (error: unknown) => {
      assert.ok(error instanceof AggregateError)
      assert.deepEqual(
        error.errors.map(({ message }) => message),
        [
          "failed to allocate for range 1: requested ip fd00::ff is subnet's gateway",
          'unlink /x/10.0.0.10: read-only file system',
        ],
      )
      return true
    },
  )
})

test('allocate() waits for a slow store, also when it releases again', async () => {
  const store = new MemoryStore()
  const [reserve, release] = [store.reserve.bind(store), store.release.bind(store)]
  store.reserve = (ip, options) => setImmediate().then(() => reserve(ip, options))
  store.release = (ip) => setImmediate().then(() => release(ip))
  const requested = [parseIP('fd00::ff')]
  await assert.rejects(allocate(store, { owner, sets: twoSets, requested }), /is subnet's gateway$/)
  assert.deepEqual([...store.leases.keys()], [])
  await allocate(store, { owner, sets: twoSets, requested: [] })
  assert.deepEqual([...store.leases.keys()], ['10.0.0.11', 'fd00::1'])
})
