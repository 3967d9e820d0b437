import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chart } from '../chart.ts'
import { percentile, ratioOf, rowsOf, type Sample, unitOf } from '../statistics.ts'
import { formatRatio, formatRows, formatValue } from '../table.ts'

const samples: Sample[] = [
  { row: 'bridge ADD', lane: 'daemon', round: 0, value: 2 },
  { row: 'bridge ADD', lane: 'reference', round: 0, value: 10 },
  { row: 'bridge ADD', lane: 'daemon', round: 1, value: 4 },
  { row: 'bridge ADD', lane: 'reference', round: 1, value: 40 },
  { row: 'bridge ADD', lane: 'reference', round: 2, value: 10 },
  { row: 'bridge ADD', lane: 'daemon', round: 2, value: 1 },
  { row: 'bridge ADD', lane: 'reference', round: 3, value: 1000 },
  { row: 'ptp DEL', lane: 'daemon', round: 0, value: 4 },
]

test('percentile() is a value that was measured', () => {
  assert.equal(percentile([5, 1, 3], 0.5), 3)
  assert.equal(percentile([1, 2, 3, 4], 0.95), 4)
  assert.equal(percentile([7], 0.5), 7)
})

test('ratioOf() compares what two lanes took in the same round, and nothing with what was not timed', () => {
  const [add, del] = rowsOf(samples)
  assert.ok(add && del)
  // 5, 10 and 10: the medians, 2 and 25, would say 12.5.
  assert.equal(ratioOf(add, 'daemon', 'reference')?.ratio.toFixed(9), '10.000000000')
  assert.equal(ratioOf(del, 'daemon', 'reference'), undefined)
})

test('ratioOf() calls more a second better, where less time and less memory are', () => {
  const rows = ['out, Gbit/s', 'in, packets/s', 'daemon Pss, MiB', 'ADD'].map((row) => {
    const [measured] = rowsOf([
      { row, lane: 'ours', round: 0, value: 20 },
      { row, lane: 'theirs', round: 0, value: 10 },
    ])
    assert.ok(measured)
    return [unitOf(row), ratioOf(measured, 'ours', 'theirs')?.ratio]
  })
  assert.deepEqual(rows, [
    ['Gbit/s', 2],
    ['packets/s', 2],
    ['MiB', 0.5],
    ['ms', 0.5],
  ])
})

test('formatRows() prints how many times better each lane is than the one compared with', () => {
  const columns = { lanes: ['daemon', 'reference'], compared: ['daemon'], base: 'reference' }
  const [header, add, del] = formatRows(rowsOf(samples), columns).split('\n')
  assert.match(header ?? '', /^ +daemon +p95 +reference +p95 +daemon is$/)
  assert.match(add ?? '', /^bridge ADD +2\.00 +4\.00 +40\.0 +1000 +10x$/)
  assert.match(del ?? '', /^ptp DEL +4\.00 +4\.00$/)
})

test('formatRatio() gives the interval with the ratio, when there is one', () => {
  assert.equal(formatRatio({ ratio: 4.44, interval: { low: 4.06, high: 4.81 }, pairs: 30 }), '4.4x (4.1-4.8)')
  assert.equal(formatRatio({ ratio: 0.987, interval: { low: 0.95, high: 12.2 }, pairs: 30 }), '0.99x (0.95-12)')
  assert.equal(formatRatio({ ratio: 40.4, interval: undefined, pairs: 1 }), '40x')
  assert.equal(formatRatio(undefined), '')
})

test('formatValue() gives three figures', () => {
  assert.deepEqual([0.5, 12.34, 1234.5].map(formatValue), ['0.50', '12.3', '1235'])
})

test('chart() draws a bar from 1x to the ratio, longer the larger it is, and says what it is', () => {
  const rows = rowsOf([
    ...samples,
    { row: 'a<b ADD', lane: 'daemon', round: 0, value: 1 },
    { row: 'a<b ADD', lane: 'reference', round: 0, value: 100 },
  ])
  const svg = chart(rows, ['daemon'], 'reference')
  const widths = [...svg.matchAll(/<rect x="[\d.]+" y="\d+" width="([\d.]+)" height="14"/g)].map((match) =>
    Number(match[1]),
  )
  assert.equal(widths.length, 2, svg)
  const [ten = 0, hundred = 0] = widths
  assert.ok(Math.abs(hundred / ten - 2) < 0.01, `${widths}`)
  assert.match(svg, />10x<[\s\S]*>100x</)
  assert.match(svg, /a&lt;b ADD/)
})
