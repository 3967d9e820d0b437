import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toCniError } from '../../src/plugin/index.ts'
import { CniError } from '../../src/types/index.ts'

const shown = (thrown: unknown) => {
  const { code, msg, details } = toCniError(thrown)
  return [code, msg, details]
}

test('toCniError() finds a coded error however deep', () => {
  const coded = new CniError(123, 'x')
  assert.equal(toCniError(coded), coded)
  assert.equal(toCniError(new Error('a', { cause: new Error('b', { cause: coded }) })), coded)
})

test('toCniError() tells causes that say more', () => {
  const kernel = new Error('EPERM: operation not permitted')
  const step = new Error('Cannot add link "eth0"', { cause: kernel })
  assert.deepEqual(shown(new Error('Cannot attach', { cause: step })), [
    999,
    'Cannot attach',
    'Cannot add link "eth0": EPERM: operation not permitted',
  ])
  assert.deepEqual(shown(new Error('failed: EPERM: operation not permitted', { cause: kernel })), [
    999,
    'failed: EPERM: operation not permitted',
    '',
  ])
})

test('toCniError() reports gathered errors together', () => {
  const errors = [new Error('one'), new CniError(7, 'two', { details: 'more' }), 'three']
  assert.deepEqual(shown(new AggregateError(errors)), [999, 'one\ntwo; more\nthree', ''])
  assert.deepEqual(shown(new AggregateError(errors, 'GC failed')), [999, 'GC failed\none\ntwo; more\nthree', ''])
})

test('toCniError() copes with what else may be thrown', () => {
  assert.deepEqual(shown(new RangeError('')), [999, 'RangeError', ''])
  assert.deepEqual(shown(undefined), [999, 'undefined', ''])
  assert.deepEqual(shown(null), [999, 'null', ''])
  const loop = new Error('a')
  loop.cause = new Error('b', { cause: loop })
  assert.deepEqual(shown(loop), [999, 'a', 'b'])
})
