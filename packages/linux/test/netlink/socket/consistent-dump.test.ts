import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isNetlinkError, NetlinkError, NLM_F } from '../../../src/netlink/index.ts'
import { consistentDump } from '../../../src/netlink/socket/consistent-dump.ts'
import type { Link } from '../../../src/route/index.ts'
import { datagram } from '../../../src/testing/index.ts'
import { done, newLink, transaction } from './played-kernel.ts'

/** A kernel whose list changes during the first `changes` readings, and has one link more each time. */
function changingList(changes: number): {
  read: () => Promise<ReturnType<typeof transaction>>
  readings: () => number
} {
  let readings = 0
  const read = async () => {
    readings++
    const played = transaction('dump')
    const flags = NLM_F.MULTI | (readings <= changes ? NLM_F.DUMP_INTR : 0)
    for (let index = 1; index <= readings; index++) played.accept(datagram(newLink(101, index, flags)))
    played.accept(datagram(done(101)))
    return played
  }
  return { read, readings: () => readings }
}

const indexes = (links: Link[]) => links.map(({ index }) => index)

test('consistentDump() reads a list that stays the same once', async () => {
  const { read, readings } = changingList(0)
  assert.deepEqual(indexes(await consistentDump('RTM_GETLINK', read)), [1])
  assert.equal(readings(), 1)
})

test('consistentDump() reads again until the list stays the same, and gives only that reading', async () => {
  const { read, readings } = changingList(3)
  assert.deepEqual(indexes(await consistentDump('RTM_GETLINK', read)), [1, 2, 3, 4])
  assert.equal(readings(), 4)
})

test('consistentDump() gives up on a list that never stays the same', async () => {
  const { read, readings } = changingList(Number.POSITIVE_INFINITY)
  await assert.rejects(consistentDump('RTM_GETLINK', read), {
    name: 'NetlinkError',
    code: 'EINTR',
    message: 'RTM_GETLINK: interrupted system call: the list changed during each of 16 readings',
  })
  assert.equal(readings(), 16)
})

test('consistentDump() does not repeat what the kernel refuses', async () => {
  let readings = 0
  const refused = async () => {
    readings++
    const played = transaction('dump')
    played.accept(datagram(done(101, 'ffffffff', NLM_F.MULTI | NLM_F.DUMP_INTR)))
    return played
  }
  await assert.rejects(consistentDump('RTM_GETLINK', refused), { code: 'EPERM' })
  assert.equal(readings, 1)
})

test('isNetlinkError() compares the names given, if any', () => {
  const error = new NetlinkError('RTM_DELLINK', 19)
  assert.equal(isNetlinkError(error), true)
  assert.equal(isNetlinkError(error, 'EEXIST', 'ENODEV'), true)
  assert.equal(isNetlinkError(error, 'EEXIST'), false)
  assert.equal(isNetlinkError(new Error('ENODEV'), 'ENODEV'), false)
  assert.equal(isNetlinkError(undefined), false)
})
