import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UndoStack } from '../../src/request/undo-stack.ts'

/** Runs `work` with a stack and returns what was undone and what was warned of. */
async function outcome(
  work: (undo: UndoStack, undone: string[]) => void,
): Promise<{ undone: string[]; warned: string[] }> {
  const [undone, warned]: [string[], string[]] = [[], []]
  try {
    await using undo = new UndoStack((line) => warned.push(line))
    work(undo, undone)
  } catch {
    // What led here is not the stack's business.
  }
  return { undone, warned }
}

test('UndoStack takes steps back in reverse order, however its block is left', async () => {
  const steps = (undo: UndoStack, undone: string[]) => {
    for (const name of ['a', 'b', 'c']) undo.push(name, () => void undone.push(name))
  }
  assert.deepEqual(await outcome(steps), { undone: ['c', 'b', 'a'], warned: [] })
  const thrown = await outcome((undo, undone) => {
    steps(undo, undone)
    throw new Error('no')
  })
  assert.deepEqual(thrown.undone, ['c', 'b', 'a'])
})

test('UndoStack takes nothing back once everything is to be kept', async () => {
  const { undone } = await outcome((undo, undone) => {
    undo.push('a', () => void undone.push('a'))
    undo.keep()
  })
  assert.deepEqual(undone, [])
})

test('UndoStack goes on after a step that fails, and warns of it', async () => {
  const { undone, warned } = await outcome((undo, undone) => {
    undo.push('first', async () => void undone.push('first'))
    undo.push('make link "veth0"', () => Promise.reject(new Error('busy')))
  })
  assert.deepEqual([undone, warned], [['first'], ['Cannot undo "make link "veth0"": busy']])
})
