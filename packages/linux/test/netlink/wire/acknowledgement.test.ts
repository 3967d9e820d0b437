import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NLM_F, type RawMessage } from '../../../src/netlink/index.ts'
import { NLMSG, readAcknowledgement } from '../../../src/netlink/raw.ts'
import { bytesOf } from '../../bytes.ts'

/** The header of a request of 20 bytes, as an error repeats it. */
const request = '14000000 10000500 07000000 00000000'
/** `NLMSGERR_ATTR_MSG` "no" and `NLMSGERR_ATTR_OFFS` 36. */
const extack = '07000100 6e6f0000 08000200 24000000'

function answer(type: number, flags: number, body: string): RawMessage {
  return { type, flags, sequence: 7, portId: 0, body: bytesOf(body) }
}

test('readAcknowledgement() of success is 0', () => {
  assert.deepEqual(readAcknowledgement(answer(NLMSG.ERROR, NLM_F.CAPPED, `00000000 ${request}`)), {
    error: 0,
    extack: {},
  })
})

test('readAcknowledgement() finds the text behind a capped request and behind a whole one', () => {
  const expected = { error: -17, extack: { msg: 'no', offs: 36 } }
  const capped = answer(NLMSG.ERROR, NLM_F.CAPPED | NLM_F.ACK_TLVS, `efffffff ${request} ${extack}`)
  assert.deepEqual(readAcknowledgement(capped), expected)
  const whole = answer(NLMSG.ERROR, NLM_F.ACK_TLVS, `efffffff ${request} aabbccdd ${extack}`)
  assert.deepEqual(readAcknowledgement(whole), expected)
})

test('readAcknowledgement() looks for no text where none is announced', () => {
  const silent = answer(NLMSG.ERROR, NLM_F.CAPPED, `efffffff ${request} ${extack}`)
  assert.deepEqual(readAcknowledgement(silent), { error: -17, extack: {} })
})

test('readAcknowledgement() reads the end of a dump, with and without an error', () => {
  assert.deepEqual(readAcknowledgement(answer(NLMSG.DONE, NLM_F.MULTI, '')), { error: 0, extack: {} })
  assert.deepEqual(readAcknowledgement(answer(NLMSG.DONE, NLM_F.MULTI, '00000000')), { error: 0, extack: {} })
  const failed = answer(NLMSG.DONE, NLM_F.MULTI | NLM_F.ACK_TLVS, `feffffff ${extack}`)
  assert.deepEqual(readAcknowledgement(failed), { error: -2, extack: { msg: 'no', offs: 36 } })
})

test('readAcknowledgement() keeps the error when the extended part is malformed', () => {
  const flags = NLM_F.CAPPED | NLM_F.ACK_TLVS
  for (const rest of ['ff', 'ffff0100', '05000200 01000000', '03000100 6e6f0000'])
    assert.deepEqual(
      readAcknowledgement(answer(NLMSG.ERROR, flags, `efffffff ${request} ${rest}`)),
      { error: -17, extack: {} },
      rest,
    )
  const lying = answer(NLMSG.ERROR, NLM_F.ACK_TLVS, `efffffff ffffff7f 10000500 07000000 00000000 ${extack}`)
  assert.deepEqual(readAcknowledgement(lying), { error: -17, extack: {} })
  assert.deepEqual(readAcknowledgement(answer(NLMSG.ERROR, flags, 'efffffff')), { error: -17, extack: {} })
})

test('readAcknowledgement() refuses an error without a number', () => {
  assert.throws(() => readAcknowledgement(answer(NLMSG.ERROR, 0, 'efffff')), {
    name: 'DecodeError',
    message: 'Cannot decode netlink data: acknowledgement of 3 bytes',
  })
})

test('readAcknowledgement() reads the policy that a value broke', () => {
  const policy = '24000480 08000100 05000000 0c000200 ffffffff ffffffff 0c000300 05000000 00000000'
  const ranged = answer(NLMSG.ERROR, NLM_F.CAPPED | NLM_F.ACK_TLVS, `deffffff ${request} ${policy}`)
  assert.deepEqual(readAcknowledgement(ranged), {
    error: -34,
    extack: { policy: { type: 5, minValueS: -1n, maxValueS: 5n } },
  })
})
