import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Admission, type Turn } from '../../src/daemon/admission.ts'

const never = new AbortController().signal

/** Does a call's work as the daemon does: at once, or when its turn has come. */
async function run<T>(admission: Admission, turn: Turn, work: () => Promise<T>): Promise<T> {
  if (!admission.enter(turn.container)) await admission.wait(turn)
  try {
    return await work()
  } finally {
    admission.leave(turn.container)
  }
}

/** Work that ends when it is told to. */
function held(): { work: () => Promise<void>; end: () => void; hasBegun: () => boolean } {
  let begun = false
  let end = () => {}
  const ended = new Promise<void>((resolve) => {
    end = resolve
  })
  return {
    work: () => {
      begun = true
      return ended
    },
    end,
    hasBegun: () => begun,
  }
}

/** Lets everything that can start do so. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
}

test('Admission runs no more calls at once than its limit, and the others after them', async () => {
  const admission = new Admission(3)
  const works = Array.from({ length: 10 }, held)
  const runs = works.map(({ work }, index) =>
    run(admission, { network: 'n', container: `c${index}`, signal: never }, work),
  )
  await settle()
  assert.deepEqual([admission.running, admission.waiting], [3, 7])
  assert.deepEqual(
    works.map(({ hasBegun }) => hasBegun()),
    [true, true, true, ...Array(7).fill(false)],
  )
  works[0]?.end()
  await settle()
  assert.deepEqual([admission.running, admission.waiting], [3, 6])
  for (const { end } of works) end()
  await Promise.all(runs)
  assert.deepEqual([admission.running, admission.waiting], [0, 0])
})

test('Admission lets networks take turns', async () => {
  const admission = new Admission(1)
  const order: string[] = []
  const call = (network: string, container: string) =>
    run(admission, { network, container, signal: never }, async () => void order.push(network))
  const many = Array.from({ length: 50 }, (_, index) => call('busy', `b${index}`))
  const few = [call('calm', 'x'), call('calm', 'y')]
  await Promise.all([...many, ...few])
  assert.ok(order.lastIndexOf('calm') < 6, order.join(' '))
})

test('Admission never runs two calls for one container at once, and keeps their order', async () => {
  const admission = new Admission(10)
  const [add, other] = [held(), held()]
  const order: string[] = []
  const turn = { network: 'n', container: 'c1', signal: never }
  const first = run(admission, turn, async () => {
    await add.work()
    order.push('ADD')
  })
  const second = run(admission, { ...turn, network: 'm' }, async () => void order.push('DEL'))
  const third = run(admission, { ...turn, container: 'c2' }, other.work)
  await settle()
  assert.deepEqual([add.hasBegun(), other.hasBegun(), order], [true, true, []])
  add.end()
  other.end()
  await Promise.all([first, second, third])
  assert.deepEqual(order, ['ADD', 'DEL'])
})

test('Admission does not hold back calls without a container', async () => {
  const admission = new Admission(10)
  const works = [held(), held()]
  const runs = works.map(({ work }) => run(admission, { network: 'n', container: '', signal: never }, work))
  await settle()
  assert.ok(works.every(({ hasBegun }) => hasBegun()))
  for (const { end } of works) end()
  await Promise.all(runs)
})

test('Admission forgets a call that is given up while it waits', async () => {
  const admission = new Admission(1)
  const [running, abandoned] = [held(), held()]
  const gone = new AbortController()
  const first = run(admission, { network: 'n', container: 'a', signal: never }, running.work)
  const second = run(admission, { network: 'n', container: 'b', signal: gone.signal }, abandoned.work)
  await settle()
  gone.abort(new Error('gone'))
  await assert.rejects(second, /gone/)
  assert.equal(admission.waiting, 0)
  running.end()
  await first
  await settle()
  assert.equal(abandoned.hasBegun(), false)
})

test('Admission goes on after a call that failed', async () => {
  const admission = new Admission(1)
  const turn = { network: 'n', container: 'a', signal: never }
  await assert.rejects(
    run(admission, turn, async () => {
      throw new Error('broken')
    }),
    /broken/,
  )
  assert.equal(await run(admission, turn, async () => 'fine'), 'fine')
})

test('Admission lets others be heard between calls that never wait', async () => {
  const admission = new Admission(100)
  let finished = 0
  const runs = Array.from({ length: 100 }, (_, index) =>
    run(admission, { network: 'n', container: `c${index}`, signal: never }, async () => void finished++),
  )
  await new Promise((resolve) => setImmediate(resolve))
  assert.ok(finished < 10, `${finished} ran in one turn of the event loop`)
  await Promise.all(runs)
})

test('Admission.enter() lets nobody in before one that waits, nor two in one turn of the event loop', async () => {
  const admission = new Admission(1)
  assert.equal(admission.enter('a'), true)
  assert.equal(admission.enter('b'), false)
  await settle()
  assert.equal(admission.enter('b'), false)
  const waiting = admission.wait({ network: 'n', container: 'b', signal: never })
  admission.leave('a')
  assert.deepEqual([admission.running, admission.waiting], [1, 0])
  await waiting
  admission.leave('b')
  assert.equal(admission.enter('c'), false)
  await settle()
  assert.equal(admission.enter('c'), true)
})
