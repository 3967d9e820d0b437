import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type IP, parseIP } from '@patchbay/address'
import { BLOCK_SIZE, type Blocks } from '../../../src/ipam/host-local/hash-table.ts'
import { LeaseIndex } from '../../../src/ipam/host-local/lease-index.ts'
import { forAll, type SeededRandom } from './seeded-random.ts'

/** Blocks that count how many of them were looked at. */
class CountedBlocks implements Blocks {
  readonly seen = new Set<number>()
  readonly #bytes: Uint8Array

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  block(index: number): Uint8Array {
    this.seen.add(index)
    return this.#bytes.subarray(index * BLOCK_SIZE, (index + 1) * BLOCK_SIZE)
  }

  changed(): void {}
}

/** Places where few addresses fill whole parts of the tree, and the ends of both families. */
const places = ['10.0.0.0', '10.0.255.0', '255.255.254.128', '::', 'fd00::', 'fd00::ff:ffff:ff80', '::fffe:ffff:fe00']
const lasts = { 4: parseIP('255.255.255.255'), 6: parseIP('ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff') }

function randomAddress(random: SeededRandom): IP {
  return parseIP(random.pick(places)).add(random.below(random.pick([4, 300, 600]) % 380))
}

/** Leases in the plainest way. */
class Model {
  readonly leases = new Map<string, { ip: IP; containerId: string | undefined }>()

  addressesOf(containerId: string): string[] {
    return [...this.leases.values()].filter((lease) => lease.containerId === containerId).map(({ ip }) => String(ip))
  }

  firstFree(first: IP, last: IP): string | undefined {
    for (let ip: IP | undefined = first; ip !== undefined && ip.compare(last) <= 0; ip = ip.next())
      if (!this.leases.has(String(ip))) return String(ip)
    return undefined
  }
}

/** Leases or releases a random address, in both. */
function step(random: SeededRandom, index: LeaseIndex, model: Model): void {
  const ip = randomAddress(random)
  const present = model.leases.get(String(ip))
  if (present) {
    index.remove(present)
    model.leases.delete(String(ip))
    return
  }
  const containerId = random.chance(10) ? undefined : `c${random.below(20)}`
  index.add({ ip, containerId })
  model.leases.set(String(ip), { ip, containerId })
}

function check(random: SeededRandom, index: LeaseIndex, model: Model): void {
  const containerId = `c${random.below(20)}`
  const found = index.addressesOf(containerId).map(String)
  assert.deepEqual(found.sort(), model.addressesOf(containerId).sort())
  const first = randomAddress(random)
  const last = random.chance(50) ? lasts[first.family] : first.add(random.below(20))
  assert.equal(index.firstFree(first, last)?.toString(), model.firstFree(first, last))
  assert.equal(index.size.taken, model.leases.size)
}

test('LeaseIndex finds what a plain map of leases does, through any history', () => {
  forAll((random) => {
    const model = new Model()
    const start = places.flatMap((place) =>
      Array.from({ length: random.below(300) }, (_, at) => ({
        ip: parseIP(place).add(at),
        containerId: `c${at % 20}`,
      })),
    )
    for (const lease of start) model.leases.set(String(lease.ip), lease)
    let { index } = LeaseIndex.build([...model.leases.values()])
    for (let at = 0; at < 300; at++) {
      step(random, index, model)
      check(random, index, model)
      if (index.isCrowded) index = LeaseIndex.build([...model.leases.values()]).index
    }
  }, 20)
})

test('LeaseIndex carries on from the bytes that another one has left', () => {
  forAll((random) => {
    const model = new Model()
    const { index, bytes } = LeaseIndex.build([])
    assert.equal(bytes.length, LeaseIndex.bytesFor(index.size))
    let current = index
    for (let at = 0; at < 30; at++) {
      step(random, current, model)
      check(random, current, model)
      current = new LeaseIndex(new CountedBlocks(bytes), { ...current.size })
    }
  }, 100)
})

const many = 30_000

test('LeaseIndex looks at a few blocks, whatever is asked and however full a range is', () => {
  const first = parseIP('10.0.0.0')
  const taken = Array.from({ length: many }, (_, at) => ({ ip: first.add(at), containerId: `container-${at}` }))
  const { index, bytes } = LeaseIndex.build(taken)
  const looks: readonly ((index: LeaseIndex) => unknown)[] = [
    (index) => index.addressesOf('container-17777').length,
    (index) => index.addressesOf('nobody').length,
    (index) => String(index.firstFree(first, parseIP('10.255.255.255'))),
    (index) => String(index.firstFree(first, first.add(many - 1))),
    (index) => index.remove({ ip: first.add(3), containerId: 'container-3' }),
    (index) => String(index.firstFree(first.add(1), parseIP('10.255.255.255'))),
  ]
  const found = looks.map((look) => {
    const blocks = new CountedBlocks(bytes)
    return [look(new LeaseIndex(blocks, index.size)), blocks.seen.size <= 6]
  })
  const expected = [1, 0, String(first.add(many)), 'undefined', undefined, '10.0.0.3']
  assert.deepEqual(
    found,
    expected.map((value) => [value, true]),
  )
})

test('LeaseIndex does not grow while leases come and go', () => {
  const { index } = LeaseIndex.build([])
  const first = parseIP('fd00::')
  for (let at = 0; at < 5000; at++) {
    index.add({ ip: first.add(at), containerId: `c${at}` })
    if (at >= 10) index.remove({ ip: first.add(at - 10), containerId: `c${at - 10}` })
    assert.equal(index.isCrowded, false)
  }
})

test('LeaseIndex says when it is crowded, long before there is no room', () => {
  const { index } = LeaseIndex.build([])
  for (let at = 0; !index.isCrowded; at++) index.add({ ip: parseIP('10.0.0.0').add(at * 256), containerId: `c${at}` })
  const { taken } = index.size
  for (let at = 0; at < 4; at++) index.add({ ip: parseIP('11.0.0.0').add(at * 256), containerId: `d${at}` })
  assert.equal(index.size.taken, taken + 4)
})
