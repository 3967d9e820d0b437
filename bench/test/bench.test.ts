import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chart } from '../chart.ts'
import { formatRows, formatTime, percentile, ratioOf, rowsOf, type Sample } from '../statistics.ts'

const samples: Sample[] = [
  { row: 'bridge ADD', lane: 'daemon', milliseconds: 2 },
  { row: 'bridge ADD', lane: 'reference', milliseconds: 10 },
  { row: 'bridge ADD', lane: 'daemon', milliseconds: 2 },
  { row: 'bridge ADD', lane: 'reference', milliseconds: 30 },
  { row: 'bridge ADD', lane: 'reference', milliseconds: 10 },
  { row: 'ptp DEL', lane: 'daemon', milliseconds: 4 },
]

test('percentile() is a value that was measured', () => {
  assert.equal(percentile([5, 1, 3], 0.5), 3)
  assert.equal(percentile([1, 2, 3, 4], 0.95), 4)
  assert.equal(percentile([7], 0.5), 7)
})

test('ratioOf() compares medians, and nothing with what was not timed', () => {
  const [add, del] = rowsOf(samples)
  assert.ok(add && del)
  assert.equal(ratioOf(add, 'daemon', 'reference'), 5)
  assert.equal(ratioOf(del, 'daemon', 'reference'), undefined)
})

test('formatRows() prints how many times quicker each lane is than the one compared with', () => {
  const [header, add, del] = formatRows(rowsOf(samples), ['daemon', 'reference'], 'reference').split('\n')
  assert.match(header ?? '', /^ +daemon +p95 +reference +p95 +daemon is$/)
  assert.match(add ?? '', /^bridge ADD +2\.00 +2\.00 +10\.0 +30\.0 +5\.0x$/)
  assert.match(del ?? '', /^ptp DEL +4\.00 +4\.00$/)
})

test('formatTime() gives three figures', () => {
  assert.deepEqual([0.5, 12.34, 1234.5].map(formatTime), ['0.50', '12.3', '1235'])
})

test('chart() draws a bar from 1x to the ratio, longer the larger it is, and says what it is', () => {
  const rows = rowsOf([
    ...samples,
    { row: 'a<b ADD', lane: 'daemon', milliseconds: 1 },
    { row: 'a<b ADD', lane: 'reference', milliseconds: 100 },
  ])
  const svg = chart(rows, ['daemon', 'reference'], 'reference')
  const widths = [...svg.matchAll(/<rect x="[\d.]+" y="\d+" width="([\d.]+)" height="14"/g)].map((match) =>
    Number(match[1]),
  )
  assert.equal(widths.length, 2, svg)
  const [five = 0, hundred = 0] = widths
  assert.ok(Math.abs(hundred / five - Math.log(100) / Math.log(5)) < 0.01, `${widths}`)
  assert.match(svg, />5\.0x<[\s\S]*>100x</)
  assert.match(svg, /a&lt;b ADD/)
})
