import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NLM_F } from '../../../src/netlink/index.ts'
import { messagesOf, operation, request } from '../../../src/netlink/raw.ts'
import { Transaction } from '../../../src/netlink/socket/transaction.ts'
import { addLinkRequest, type Link } from '../../../src/route/index.ts'
import { linkOperations } from '../../../src/route/raw.ts'
import { datagram } from '../../../src/testing/index.ts'
import { acknowledgement, newLink } from './played-kernel.ts'

const empty = { write() {}, read: () => undefined }
const frame = {
  begin: request(operation<undefined, undefined>('BEGIN', 16, empty), undefined),
  end: request(operation<undefined, undefined>('END', 17, empty), undefined),
}

/** A batch whose beginning has the number 101, and its requests those that follow. */
function batch(names: readonly string[] = ['a', 'b', 'c']): Transaction<Link> {
  let sequence = 100
  const requests = names.map((ifname) => addLinkRequest({ ifname }))
  return new Transaction('batch', requests, { frame, reply: linkOperations.reply, nextSequence: () => ++sequence })
}

test('Transaction of a batch stands in its frame, and asks for one acknowledgement, of the last request', () => {
  const sent = [...messagesOf(batch().bytes)].map(({ type, sequence, flags }) => [type, sequence, flags & NLM_F.ACK])
  assert.deepEqual(sent, [
    [16, 101, 0],
    [16, 102, 0],
    [16, 103, 0],
    [16, 104, NLM_F.ACK],
    [17, 105, 0],
  ])
})

test('Transaction of a batch is done with the acknowledgement of the last request', () => {
  const played = batch()
  played.accept(datagram(newLink(102, 5), newLink(104, 7)))
  assert.equal(played.done, false)
  played.accept(datagram(acknowledgement(104, 0)))
  assert.equal(played.done, true)
  assert.deepEqual(
    played.result().map(({ index }) => index),
    [5, 7],
  )
})

test('Transaction of a batch fails with the first request that was refused', () => {
  const played = batch()
  played.accept(datagram(acknowledgement(103, -17)))
  assert.equal(played.done, false)
  played.accept(datagram(acknowledgement(104, -2)))
  assert.equal(played.done, true)
  assert.throws(() => played.result(), {
    operation: 'RTM_NEWLINK',
    code: 'EEXIST',
    position: 1,
    sequence: 103,
    object: 'link "b"',
    message: 'RTM_NEWLINK (link "b"): file exists',
  })
})

test('Transaction of a batch fails, though the last request was acknowledged, when another was refused', () => {
  const played = batch()
  played.accept(datagram(acknowledgement(102, -17), acknowledgement(104, 0)))
  assert.equal(played.done, true)
  assert.throws(() => played.result(), { code: 'EEXIST', position: 0 })
})

test('Transaction of a batch that is refused as a whole ends at once', () => {
  const played = batch()
  played.accept(datagram(acknowledgement(101, -85)))
  assert.equal(played.done, true)
  assert.throws(() => played.result(), { operation: 'BEGIN', code: 'ERESTART' })
})

test('Transaction of an empty batch sends nothing', () => {
  const played = batch([])
  assert.equal(played.done, true)
  assert.equal(played.bytes.length, 0)
})
