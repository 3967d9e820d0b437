import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Counters, readCounters, readMachine, sharesOf, stallOf, ticksOf } from '../machine.ts'
import { formatSurroundings, limits, noiseIn, type Surroundings, Watch } from '../noise.ts'

const quiet: Surroundings = {
  machine: { kernel: '6.12.0', processors: 4, model: 'A model', governor: undefined },
  load: { before: 1.5, after: 3 },
  shares: { steal: 0.1, iowait: 0.2, busy: 50, waited: undefined },
  others: 1,
  emptyProcess: { before: 1, after: 1.1 },
}

const narrow = { ratio: 4, interval: { low: 3.9, high: 4.1 }, pairs: 30 }
const wide = { ratio: 4, interval: { low: 3, high: 5 }, pairs: 30 }
const none = { ratio: 4, interval: undefined, pairs: 1 }

test('ticksOf() reads the line of all processors, and counts guests once', () => {
  const stat = 'cpu  100 20 30 400 50 6 7 80 90 9\ncpu0 1 2 3 4 5 6 7 8 9 10\n'
  assert.deepEqual(ticksOf(stat), { all: 693, idle: 400, iowait: 50, steal: 80 })
})

test('stallOf() reads how long some process waited', () => {
  const pressure =
    'some avg10=5.31 avg60=32.02 avg300=19.12 total=6366\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=17\n'
  assert.equal(stallOf(pressure), 6366)
  assert.equal(stallOf(''), Number.NaN)
})

test('sharesOf() is in percent of the time between two moments', () => {
  const before: Counters = {
    load: 0,
    ticks: { all: 1000, idle: 500, iowait: 10, steal: 0 },
    waited: { cpu: 0, io: 0, memory: 0 },
    microseconds: 1_000_000,
  }
  const after: Counters = {
    load: 0,
    ticks: { all: 1200, idle: 600, iowait: 20, steal: 4 },
    waited: { cpu: 500_000, io: 10_000, memory: 0 },
    microseconds: 2_000_000,
  }
  assert.deepEqual(sharesOf(before, after), { steal: 2, iowait: 5, busy: 45, waited: { cpu: 50, io: 1, memory: 0 } })
  assert.equal(sharesOf({ ...before, waited: undefined }, after).waited, undefined)
})

test('noiseIn() finds none on a quiet machine', () => {
  assert.deepEqual(noiseIn(quiet, [narrow, narrow, narrow, narrow, wide, none]), [])
})

test('noiseIn() names each figure that exceeds its limit, and the limit', () => {
  const cases: [Partial<Surroundings>, RegExp][] = [
    [{ load: { before: 2.01, after: 0 } }, /^the load was 2\.01 before the start \(limit 2\)$/],
    [{ shares: { ...quiet.shares, steal: 2.1 } }, /^the host of this virtual machine took 2\.1 % .*\(limit 2 %\)$/],
    [{ shares: { ...quiet.shares, iowait: 7 } }, /disks in 7\.0 % .*\(limit 5 %\)$/],
    [{ others: 33.3 }, /^other processes took 33\.3 % .*\(limit 10 %\)$/],
    [
      { emptyProcess: { before: 1, after: 1.5 } },
      /took 1\.00 ms at the beginning and 1\.50 ms at the end \(limit 1\.3/,
    ],
    [{ emptyProcess: { before: 1.5, after: 1 } }, /took 1\.50 ms at the beginning and 1\.00 ms at the end/],
  ]
  for (const [difference, expected] of cases) {
    const noise = noiseIn({ ...quiet, ...difference }, [])
    assert.equal(noise.length, 1, `${noise}`)
    assert.match(noise[0] ?? '', expected)
  }
  assert.match(noiseIn(quiet, [wide, narrow, none])[0] ?? '', /^1 of 2 intervals .* 1\.5 times .*\(limit 20 %\)$/)
})

test('formatSurroundings() forbids to publish what a noisy machine has measured', () => {
  assert.match(formatSurroundings(quiet, []), /This machine was quiet\.$/)
  const text = formatSurroundings(quiet, ['the load was 9'])
  assert.match(text, /4 processors \(A model\), Linux 6\.12\.0\n/)
  assert.match(text, /This machine was noisy; the ratios above are not to be published:\n- the load was 9$/)
})

test('a watch sees what others take while the bench does nothing', async () => {
  const watch = new Watch(readMachine())
  await watch.pause()
  const { machine, others, shares } = watch.end(undefined)
  assert.ok(machine.processors >= 1)
  assert.ok(others >= 0 && others <= 100, `${others}`)
  assert.ok(shares.busy >= 0 && shares.busy <= 100, `${shares.busy}`)
  assert.ok(readCounters().ticks.all > 0)
  assert.ok(limits.others > 0)
})
