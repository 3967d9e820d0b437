import type { NetlinkRequest } from '../../../src/netlink/index.ts'
import { NLM_F } from '../../../src/netlink/raw.ts'
import { Transaction } from '../../../src/netlink/socket/transaction.ts'
import { addLinkRequest, type Link } from '../../../src/route/index.ts'
import { linkOperations } from '../../../src/route/raw.ts'
import {
  endOfList,
  type FakeMessage,
  acknowledgement as fakeAcknowledgement,
  reply,
} from '../../../src/testing/index.ts'
import { bytesOf } from '../../bytes.ts'

/** An acknowledgement with an error number, 0 or negative; behind the header it repeats, `extack` as hexadecimal digits. */
export function acknowledgement(sequence: number, error: number, extack = ''): FakeMessage {
  return fakeAcknowledgement(sequence, error, bytesOf(extack))
}

/** `RTM_NEWLINK` of a link with that index and no attributes. */
export function newLink(sequence: number, index: number, flags = 0): FakeMessage {
  return { ...reply(linkOperations.reply, { index }), sequence, flags }
}

/** The end of a dump; `body` is hexadecimal digits. */
export function done(sequence: number, body = '00000000', flags: number = NLM_F.MULTI): FakeMessage {
  return { ...endOfList(sequence), flags, body: bytesOf(body) }
}

/** A transaction of `count` requests whose sequence numbers begin at 101. */
export function transaction(
  kind: 'acknowledged' | 'single' | 'dump',
  requests: readonly NetlinkRequest[] = [addLinkRequest({ ifname: 'a' })],
): Transaction<Link> {
  let sequence = 100
  return new Transaction(kind, requests, { reply: linkOperations.reply, nextSequence: () => ++sequence })
}
