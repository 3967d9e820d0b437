import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NLM_F } from '../../../src/netlink/index.ts'
import { messagesOf } from '../../../src/netlink/raw.ts'
import { Transaction } from '../../../src/netlink/socket/transaction.ts'
import { addLinkRequest } from '../../../src/route/index.ts'
import { linkOperations } from '../../../src/route/raw.ts'
import { datagram } from '../../../src/testing/index.ts'
import { bytesOf } from '../../bytes.ts'
import { acknowledgement, done, newLink, transaction } from './played-kernel.ts'

const three = ['a', 'b', 'c'].map((ifname) => addLinkRequest({ ifname }))

test('Transaction sends all requests in one go, each under a number of its own', () => {
  const { bytes, count } = transaction('acknowledged', three)
  const sent = [...messagesOf(bytes)]
  assert.equal(count, 3)
  assert.deepEqual(
    sent.map(({ type, sequence }) => [type, sequence]),
    [
      [16, 101],
      [16, 102],
      [16, 103],
    ],
  )
  for (const { flags } of sent) assert.equal(flags, NLM_F.REQUEST | NLM_F.ACK | NLM_F.CREATE | NLM_F.EXCL)
})

test('Transaction asks for acknowledgements, for one object or for a list', () => {
  const flagsOf = (kind: 'acknowledged' | 'single' | 'dump') =>
    [...messagesOf(transaction(kind).bytes)].map(({ flags }) => flags)
  const own = NLM_F.CREATE | NLM_F.EXCL
  assert.deepEqual(flagsOf('acknowledged'), [NLM_F.REQUEST | NLM_F.ACK | own])
  assert.deepEqual(flagsOf('single'), [NLM_F.REQUEST | own])
  assert.deepEqual(flagsOf('dump'), [NLM_F.REQUEST | NLM_F.DUMP | own])
})

test('Transaction is done when every request is acknowledged, in whatever order and datagrams', () => {
  const one = transaction('acknowledged', three)
  for (const sequence of [102, 101, 103]) {
    assert.equal(one.done, false)
    one.accept(datagram(acknowledgement(sequence, 0)))
  }
  assert.equal(one.done, true)
  assert.deepEqual(one.result(), [])
  const together = transaction('acknowledged', three)
  together.accept(datagram(...[103, 102, 101].map((sequence) => acknowledgement(sequence, 0))))
  assert.equal(together.done, true)
})

test('Transaction without requests is done at once', () => {
  assert.equal(transaction('acknowledged', []).done, true)
})

test('Transaction ignores answers to others, and a second answer', () => {
  const played = transaction('acknowledged', three)
  for (const sequence of [0, 100, 104, 0xffffffff])
    played.accept(datagram(acknowledgement(sequence, -1), newLink(sequence, 9)))
  assert.equal(played.done, false)
  played.accept(datagram(...[101, 101, 102].map((sequence) => acknowledgement(sequence, 0))))
  assert.equal(played.done, false)
  played.accept(datagram(acknowledgement(101, -1), acknowledgement(103, 0), acknowledgement(103, -1)))
  assert.equal(played.done, true)
  assert.deepEqual(played.result(), [])
})

test('Transaction collects what the kernel sends back before it acknowledges', () => {
  const played = transaction('acknowledged', three)
  played.accept(datagram(newLink(101, 5), acknowledgement(101, 0), newLink(102, 6)))
  played.accept(datagram(acknowledgement(102, 0), acknowledgement(103, 0)))
  assert.deepEqual(
    played.result().map(({ index }) => index),
    [5, 6],
  )
})

test('Transaction ignores messages of another type', () => {
  const played = transaction('single')
  played.accept(datagram({ ...newLink(101, 5), type: 17 }))
  assert.equal(played.done, false)
  assert.deepEqual(played.replies, [])
})

test('Transaction of one object ends with it, and with an error', () => {
  const found = transaction('single')
  found.accept(datagram(newLink(101, 5)))
  assert.equal(found.done, true)
  assert.deepEqual(found.result()[0]?.index, 5)
  const missing = transaction('single')
  missing.accept(datagram(acknowledgement(101, -19)))
  assert.equal(missing.done, true)
  assert.throws(() => missing.result(), { code: 'ENODEV' })
})

test('Transaction of several objects gives them in the order of the requests', () => {
  const played = transaction('single', three)
  played.accept(datagram(newLink(103, 7), newLink(101, 5)))
  assert.equal(played.done, false)
  played.accept(datagram(newLink(102, 6), newLink(102, 9)))
  assert.equal(played.done, true)
  assert.deepEqual(
    played.objects().map(({ index }) => index),
    [5, 6, 7],
  )
  assert.equal(played.object(1).index, 6)
})

test('Transaction of several objects fails with the first that was refused, or that there is none of', () => {
  const refused = transaction('single', three)
  refused.accept(datagram(newLink(101, 5), acknowledgement(102, -19), acknowledgement(103, -1)))
  assert.equal(refused.done, true)
  assert.throws(() => refused.objects(), { code: 'ENODEV', position: 1 })
  assert.throws(() => refused.object(0), { code: 'ENODEV', position: 1 })
  const missing = transaction('single', three)
  missing.accept(datagram(newLink(101, 5), newLink(102, 6), acknowledgement(103, 0)))
  assert.throws(() => missing.objects(), { operation: 'RTM_NEWLINK', code: 'ENOENT', position: 2 })
})

test('Transaction knows its requests by number also where numbers begin anew', () => {
  const numbers = [0xfffffffe, 0xffffffff, 1]
  const nextSequence = () => numbers.shift() ?? 0
  const played = new Transaction('acknowledged', three, { reply: linkOperations.reply, nextSequence })
  played.accept(datagram(newLink(1, 9), acknowledgement(1, -17), acknowledgement(0xfffffffe, 0)))
  assert.equal(played.done, false)
  played.accept(datagram(acknowledgement(0xffffffff, 0)))
  assert.equal(played.done, true)
  assert.deepEqual(
    played.replies.map(({ index }) => index),
    [9],
  )
  assert.throws(() => played.result(), { position: 2, sequence: 1 })
})

test('Transaction takes a datagram from the beginning of a larger space, and keeps nothing of the space', () => {
  const played = transaction('single')
  // IFLA_STATS: bytes as they are.
  const link = newLink(101, 5)
  const attributes = bytesOf('08000700 01020304 06004d00 05060000')
  const answer = datagram({ ...link, body: Uint8Array.of(...link.body, ...attributes) })
  const space = new Uint8Array(256).fill(0xff)
  space.set(answer)
  played.accept(space, answer.length)
  space.fill(0xee)
  const { stats, unknown } = played.object(0)
  assert.deepEqual(stats, Uint8Array.of(1, 2, 3, 4))
  assert.deepEqual(unknown, new Map([[0x4d, [Uint8Array.of(5, 6)]]]))
})

test('Transaction of a list ends with its end, over as many datagrams as it takes', () => {
  const played = transaction('dump')
  played.accept(datagram(newLink(101, 1, NLM_F.MULTI), newLink(101, 2, NLM_F.MULTI)))
  played.accept(datagram(newLink(101, 3, NLM_F.MULTI)))
  assert.equal(played.done, false)
  played.accept(datagram(newLink(101, 4, NLM_F.MULTI), done(101)))
  assert.equal(played.done, true)
  assert.equal(played.interrupted, false)
  assert.deepEqual(
    played.result().map(({ index }) => index),
    [1, 2, 3, 4],
  )
})

test('Transaction of a list notices on any message that the list changed', () => {
  const interrupted = NLM_F.MULTI | NLM_F.DUMP_INTR
  const inside = transaction('dump')
  inside.accept(datagram(newLink(101, 1, interrupted), newLink(101, 2, NLM_F.MULTI), done(101)))
  assert.equal(inside.interrupted, true)
  const atEnd = transaction('dump')
  atEnd.accept(datagram(newLink(101, 1, NLM_F.MULTI), done(101, '00000000', interrupted)))
  assert.equal(atEnd.interrupted, true)
  const foreign = transaction('dump')
  foreign.accept(datagram(newLink(100, 1, interrupted), done(101)))
  assert.equal(foreign.interrupted, false)
})

test('Transaction of one object takes no notice of a flag that means something in lists only', () => {
  const played = transaction('single')
  played.accept(datagram(newLink(101, 1, NLM_F.DUMP_INTR)))
  assert.equal(played.interrupted, false)
})

test('Transaction throws DecodeError on a datagram that no kernel sends', () => {
  assert.throws(() => transaction('single').accept(datagram(newLink(101, 5)).subarray(0, 31)), {
    name: 'DecodeError',
    code: 'EBADMSG',
  })
})
