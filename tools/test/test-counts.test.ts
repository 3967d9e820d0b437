import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openRepository, workspaceRoot } from '../repository.ts'
import type { TestEvent } from '../run-tests.ts'
import { countOf, readCounts, shortfall, writeCounts } from '../test-counts.ts'
import { testGroups } from '../test-selection.ts'
import { checkout } from './checkout.ts'

test('countOf() counts tests, also those that are skipped, and the cases that they told', () => {
  const file = 'a'
  const events: TestEvent[] = [
    { kind: 'pass', file, name: 'b' },
    { kind: 'fail', file, name: 'c', detail: '' },
    { kind: 'skip', file, name: 'd', reason: '' },
    { kind: 'cases', file, count: 40 },
    { kind: 'cases', file, count: 2 },
    { kind: 'time', file, seconds: 1 },
  ]
  assert.deepEqual(countOf(events), { tests: 3, cases: 42 })
})

test('shortfall() says what is missing', () => {
  const counts = { unit: { tests: 3, cases: 40 } }
  assert.equal(shortfall('unit', { tests: 3, cases: 41 }, counts), undefined)
  assert.equal(shortfall('new', { tests: 3, cases: 0 }, counts), undefined)
  assert.match(shortfall('unit', { tests: 2, cases: 40 }, counts) ?? '', /^unit has shrunk: 2 tests instead of 3; /)
  assert.match(
    shortfall('unit', { tests: 1, cases: 39 }, counts) ?? '',
    /1 tests instead of 3, 39 cases instead of 40; where/,
  )
})

test('writeCounts() keeps the counts of other groups', (t) => {
  const { root } = checkout(t, { 'tools/test-counts.json': '{ "unit": { "tests": 1, "cases": 0 } }' })
  writeCounts(openRepository(root), { kernel: { tests: 2, cases: 3 } })
  assert.deepEqual(readCounts(openRepository(root)), {
    unit: { tests: 1, cases: 0 },
    kernel: { tests: 2, cases: 3 },
  })
})

test('readCounts() has a count for every group', () => {
  const counted = Object.keys(readCounts(openRepository(workspaceRoot())))
  assert.deepEqual(counted.sort(), testGroups.map(({ name }) => name).sort())
})
