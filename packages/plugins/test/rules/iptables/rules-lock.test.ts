import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cleanEachVersion } from '../../../src/rules/iptables/each-version.ts'
import { withRulesLocked } from '../../../src/rules/iptables/rules-lock.ts'

const caller = { hostNetns: '/proc/self/ns/net', env: {} }

test('withRulesLocked() lets one call after the other work, and the next one after a failure', async () => {
  const order: string[] = []
  const work = (name: string) =>
    withRulesLocked(caller, async () => {
      order.push(`${name} begins`)
      await new Promise((resolve) => setTimeout(resolve, 20))
      order.push(`${name} ends`)
      if (name === 'a') throw new Error('failed')
    })
  const outcomes = await Promise.allSettled(['a', 'b', 'c'].map(work))
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ['rejected', 'fulfilled', 'fulfilled'],
  )
  for (const [index, line] of order.entries())
    if (index % 2 === 1) assert.equal(line, order[index - 1]?.replace('begins', 'ends'))
})

test('withRulesLocked() gives up waiting when the call is aborted', async () => {
  await withRulesLocked(caller, async () => {
    const signal = AbortSignal.timeout(30)
    await assert.rejects(
      withRulesLocked({ ...caller, signal }, async () => {}),
      { name: 'TimeoutError' },
    )
  })
})

test('cleanEachVersion() waits for its turn also when the call is aborted', async () => {
  const order: string[] = []
  const held = withRulesLocked(caller, async () => {
    await new Promise((resolve) => setTimeout(resolve, 30))
    order.push('changed')
  })
  await cleanEachVersion({ ...caller, signal: AbortSignal.abort() }, [4], async () => void order.push('cleaned'))
  await held
  assert.deepEqual(order, ['changed', 'cleaned'])
})
