import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Journal, StepFailed } from '../journal.ts'

function journal(): { lines: string[]; journal: Journal } {
  const lines: string[] = []
  return { lines, journal: new Journal({ unicode: false, colour: false }, (line) => lines.push(line)) }
}

test('Journal.step() prints an aligned row, and returns what the step did', async () => {
  const { lines, journal: written } = journal()
  assert.equal(
    await written.step(
      'short',
      () => 7,
      (value) => `got ${value}`,
    ),
    7,
  )
  await written.step('a longer name', async () => {})
  const [first = '', second = ''] = lines
  assert.match(first, /^ok short +\d+\.\d ms {2}got 7$/)
  assert.match(second, /^ok a longer name +\d+\.\d ms$/)
  assert.equal(first.indexOf(' ms'), second.indexOf(' ms'))
  assert.equal(written.summary, '2 passed, 0 failed')
})

test('Journal.step() prints why a step failed, and ends the demo', async () => {
  const { lines, journal: written } = journal()
  const fail = (): never => {
    throw new Error('first reason\nsecond reason\n')
  }
  await assert.rejects(written.step('break', fail), StepFailed)
  assert.match(lines[0] ?? '', /^no break +\d+\.\d ms {2}first reason$/)
  assert.equal(lines[1], '   second reason')
  assert.equal(written.summary, '0 passed, 1 failed')
})

test('Journal.proveEmpty() counts a finding as a failure and goes on', async () => {
  const { lines, journal: written } = journal()
  await written.proveEmpty('none left', () => [], 'nowhere')
  await written.proveEmpty('some left', async () => ['a', 'b'], 'nowhere')
  assert.match(lines[0] ?? '', /^ok none left .* ms {2}nowhere$/)
  assert.match(lines[1] ?? '', /^no some left .* ms {2}a, b$/)
  assert.equal(written.summary, '1 passed, 1 failed')
})

test('Journal.fail() counts an error that came from no step', () => {
  const { lines, journal: written } = journal()
  written.fail(new Error('out of order'))
  assert.deepEqual(lines, ['out of order'])
  assert.equal(written.summary, '0 passed, 1 failed')
})
