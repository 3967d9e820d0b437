import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type TrunkItem, trunkVlans } from '../../../src/main/bridge/vlan-trunk.ts'
import { forAll } from '../../ipam/host-local/seeded-random.ts'

test('trunkVlans() lists each VLAN once, in order', () => {
  const cases: [TrunkItem[], number[]][] = [
    [[], []],
    [[{}], []],
    [[{ id: 5 }], [5]],
    [[{ minID: 1, maxID: 1 }], [1]],
    [[{ minID: 4093, maxID: 4094 }], [4093, 4094]],
    [[{ id: 9, minID: 2, maxID: 3 }], [2, 3, 9]],
    [
      [{ id: 300 }, { minID: 20, maxID: 22 }, { id: 21 }, { id: 3 }],
      [3, 20, 21, 22, 300],
    ],
  ]
  for (const [items, vlans] of cases) assert.deepEqual(trunkVlans(items), vlans)
})

test('trunkVlans() refuses what is no VLAN, and half a range', () => {
  const cases: [TrunkItem, string][] = [
    [{ id: 0 }, 'incorrect trunk id parameter'],
    [{ id: 4095 }, 'incorrect trunk id parameter'],
    [{ id: -1 }, 'incorrect trunk id parameter'],
    [{ minID: 0, maxID: 5 }, 'incorrect trunk minID parameter'],
    [{ minID: 4095, maxID: 5 }, 'incorrect trunk minID parameter'],
    [{ minID: 5, maxID: 4095 }, 'incorrect trunk maxID parameter'],
    [{ minID: 5, maxID: 0 }, 'incorrect trunk maxID parameter'],
    [{ minID: 5, maxID: 4 }, 'minID is greater than maxID in trunk parameter'],
    [{ minID: 5 }, 'minID and maxID should be configured simultaneously, maxID is missing'],
    [{ maxID: 5 }, 'minID and maxID should be configured simultaneously, minID is missing'],
    [{ id: 7, maxID: 5 }, 'minID and maxID should be configured simultaneously, minID is missing'],
  ]
  for (const [item, message] of cases)
    assert.throws(() => trunkVlans([{ id: 1 }, item]), { name: 'RangeError', message })
})

test('trunkVlans() of random items has the VLANs that are in any of them', () =>
  forAll((random) => {
    const items = Array.from({ length: random.below(5) }, (): TrunkItem => {
      const minID = 1 + random.below(40)
      const range = random.below(2) === 0 ? {} : { minID, maxID: minID + random.below(9) }
      return random.below(2) === 0 ? range : { ...range, id: 1 + random.below(60) }
    })
    const isIn = (vlan: number) =>
      items.some(({ id, minID = 1, maxID = 0 }) => id === vlan || (minID <= vlan && vlan <= maxID))
    assert.deepEqual(trunkVlans(items), Array.from({ length: 4094 }, (_, index) => index + 1).filter(isIn))
  }, 200))
