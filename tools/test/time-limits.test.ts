import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openRepository, workspaceRoot } from '../repository.ts'
import { readDurations, slowestFiles, timeLimit } from '../time-limits.ts'

test('timeLimit() is ten times what a file takes, or what files take at most without being listed', () => {
  assert.equal(timeLimit({ a: 45 }, 'a'), 450)
  assert.equal(timeLimit({ a: 45 }, 'b'), 300)
})

test('readDurations() lists files that are there', () => {
  const repository = openRepository(workspaceRoot())
  const unknown = Object.keys(readDurations(repository)).filter((file) => !repository.files.includes(file))
  assert.deepEqual(unknown, [])
})

test('slowestFiles() names those that took more than a few seconds, slowest first', () => {
  const times = [4, 61.2, 5, 7, 8, 9, 10].map((seconds) => ({ kind: 'time', file: `f${seconds}`, seconds }) as const)
  assert.equal(slowestFiles(times), 'slowest: f61.2 61 s, f10 10 s, f9 9 s, f8 8 s, f7 7 s')
  assert.equal(slowestFiles([{ kind: 'time', file: 'f1', seconds: 1 }]), '')
})
