import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Recent } from '../../src/executor/recent.ts'

test('Recent remembers the last values, and no more than it has room for', () => {
  const recent = new Recent<number, string>(3)
  for (let key = 0; key < 1000; key++) {
    recent.set(key, `value ${key}`)
    recent.set(key, `value of ${key}`)
    assert.ok(recent.size <= 3)
  }
  assert.deepEqual(
    [996, 997, 998, 999].map((key) => recent.get(key)),
    [undefined, 'value of 997', 'value of 998', 'value of 999'],
  )
})
