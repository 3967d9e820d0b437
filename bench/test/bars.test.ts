import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { workspaceRoot } from '#tools/repository'
import { barsFromFile, formatJudged, judge } from '../bars.ts'
import { rowsOf, type Sample } from '../statistics.ts'

/** Eight rounds, in which the base took so many times as long. */
function samplesOf(row: string, ratios: readonly number[]): Sample[] {
  return ratios.flatMap((ratio, round) => [
    { row, lane: 'ours', round, value: 2 },
    { row, lane: 'theirs', round, value: 2 * ratio },
  ])
}

const rows = rowsOf([
  ...samplesOf('quick ADD', [5, 5.1, 5.2, 5.3, 5.4, 5.5, 5.6, 5.7]),
  ...samplesOf('once ADD', [5, 5]),
])

function verdictsOf(row: string, ...promised: readonly number[]): string[] {
  const bars = promised.map((ratio) => ({ row, lanes: { ours: ratio } }))
  return judge({ base: 'theirs', bars }, rows).map(({ verdict }) => verdict)
}

test('a bar is met below the interval, missed above it, and undecided within', () => {
  assert.deepEqual(verdictsOf('quick ADD', 4, 5.35, 6), ['met', 'undecided', 'missed'])
})

test('a bar is undecided with too few pairs, and not measured without any', () => {
  assert.deepEqual(verdictsOf('once ADD', 1), ['undecided'])
  assert.deepEqual(verdictsOf('other ADD', 1), ['not measured'])
})

test('formatJudged() says what is promised, what is measured, and what follows', () => {
  const bars = ['quick ADD', 'once ADD', 'other ADD'].map((row) => ({ row, lanes: { ours: 4 } }))
  const lines = formatJudged(judge({ base: 'theirs', bars }, rows), 'theirs').split('\n')
  assert.match(lines[1] ?? '', /^quick ADD +ours +4\.0x +5\.3x \(5\.\d-5\.\d\) +met$/)
  assert.match(lines[2] ?? '', /^once ADD +ours +4\.0x +5\.0x +undecided \(2 of 6 pairs\)$/)
  assert.match(lines[3] ?? '', /^other ADD +ours +4\.0x +not measured$/)
})

test('barsFromFile() says what is wrong with a file, and reads the one that is committed', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'patchbay-bars-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'bars.json')
  const cases: [unknown, RegExp][] = [
    [{ bars: [] }, /^Cannot read bars from ".*bars\.json": "base" is no string$/],
    [{ base: 'a' }, /"bars" is no array$/],
    [{ base: 'a', bars: [{ lanes: {} }] }, /a bar has no string "row"$/],
    [{ base: 'a', bars: [{ row: 'r', lanes: { b: '4x' } }] }, /"lanes" of "r" is no object with a positive number/],
  ]
  for (const [json, message] of cases) {
    writeFileSync(path, JSON.stringify(json))
    assert.throws(() => barsFromFile(path), { message })
  }
  assert.equal(barsFromFile(join(workspaceRoot(), 'bench', 'bars.json')).base, 'reference')
})
