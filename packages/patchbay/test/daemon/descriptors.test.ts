import assert from 'node:assert/strict'
import { test } from 'node:test'
import { capacityWith, shortage, spareDescriptors } from '../../src/daemon/descriptors.ts'

const wanted = { concurrency: 64, connections: 8192 }

test('with many descriptors all that is wanted is done', () => {
  const capacity = capacityWith(20_000, wanted)
  assert.deepEqual(capacity, { ...wanted, forStatus: 16 })
  assert.equal(shortage(capacity, wanted), undefined)
  assert.deepEqual(capacityWith(Number.POSITIVE_INFINITY, wanted), capacity)
})

test('with fewer there are fewer calls at once, and callers beside them', () => {
  const capacity = capacityWith(1000, wanted)
  assert.deepEqual(capacity, { concurrency: 29, connections: 116, forStatus: 16 })
  assert.match(shortage(capacity, wanted) ?? '', /^Cannot serve more than 29 calls of 116 callers at once: /)
})

test('as long as there are enough for one call, one runs, and nothing exceeds what there is', () => {
  for (let spare = -20; spare < 3000; spare++) {
    const { concurrency, connections, forStatus } = capacityWith(spare, wanted)
    assert.equal(concurrency > 0, spare >= 98)
    assert.equal(connections > 0, concurrency > 0)
    assert.ok(forStatus >= 1)
    if (concurrency > 0) assert.ok(24 * concurrency + 2 * connections + forStatus + 56 <= spare)
  }
})

test('with too few for one call none is served, and status is', () => {
  const capacity = capacityWith(12, wanted)
  assert.deepEqual(capacity, { concurrency: 0, connections: 0, forStatus: 4 })
  assert.match(shortage(capacity, wanted) ?? '', /^Cannot serve any call: the limit on open files is too low/)
})

test('spareDescriptors() is what the kernel allows and is not in use', () => {
  assert.ok(spareDescriptors() > 100)
})
