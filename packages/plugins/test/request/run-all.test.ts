import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runAll } from '../../src/request/run-all.ts'

test('runAll() runs every step, one after another', async () => {
  const done: number[] = []
  await runAll(
    async () => {
      await new Promise((resolve) => setTimeout(resolve, 5))
      done.push(1)
    },
    () => void done.push(2),
  )
  assert.deepEqual(done, [1, 2])
})

test('runAll() fails with the error of the one step that failed, after all others', async () => {
  const error = new Error('busy')
  let ran = false
  const steps = runAll(
    () => Promise.reject(error),
    () => {
      ran = true
    },
  )
  await assert.rejects(steps, (thrown) => thrown === error)
  assert.ok(ran)
})

test('runAll() reports all failures together', async () => {
  const errors = [new Error('one'), new Error('two')]
  const steps = runAll(
    () => Promise.reject(errors[0]),
    () => {},
    () => {
      throw errors[1]
    },
  )
  await assert.rejects(steps, (thrown) => {
    assert.ok(thrown instanceof AggregateError)
    assert.deepEqual(thrown.errors, errors)
    return true
  })
})
