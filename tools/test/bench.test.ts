import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatRows, parseSamples, percentile, rowsOf } from '../bench/statistics.ts'

test('percentile() is a value that was measured', () => {
  assert.equal(percentile([5, 1, 3], 0.5), 3)
  assert.equal(percentile([1, 2, 3, 4], 0.95), 4)
  assert.equal(percentile([7], 0.5), 7)
})

test('formatRows() prints how many times quicker the first implementation is', () => {
  const samples = parseSamples('bridge patchbay ADD 5000\nbridge other ADD 10000\nbridge patchbay ADD 5000\n')
  const [header, row] = formatRows(rowsOf(samples)).split('\n')
  assert.match(header ?? '', /patchbay p50 .*other p50 .*ratio$/)
  assert.match(row ?? '', /^bridge ADD +5\.0 +5\.0 +10\.0 +10\.0 +2\.00x$/)
})
