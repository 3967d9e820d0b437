import { type NetlinkRequest, NLM_F } from '../../../src/netlink/index.ts'
import { NLMSG, Writer, writeMessage } from '../../../src/netlink/raw.ts'
import { Transaction } from '../../../src/netlink/socket/transaction.ts'
import { addLinkRequest, type Link } from '../../../src/route/index.ts'
import { linkOperations } from '../../../src/route/raw.ts'
import { bytesOf } from '../../bytes.ts'

/** A message that the kernel could send, its body as hexadecimal digits. */
export interface Played {
  type: number
  sequence: number
  flags?: number
  body: string
}

/** One datagram with these messages. */
export function datagram(...messages: Played[]): Uint8Array {
  const w = new Writer()
  for (const { type, sequence, flags = 0, body } of messages)
    writeMessage(w, { type, sequence, flags }, () => w.bytes(bytesOf(body)))
  return w.finish().slice()
}

/** An acknowledgement with an error number, 0 or negative; behind the header it repeats, `extack` as hexadecimal digits. */
export function acknowledgement(sequence: number, error: number, extack = ''): Played {
  const number = Buffer.alloc(4)
  number.writeInt32LE(error)
  const flags = NLM_F.CAPPED | (extack === '' ? 0 : NLM_F.ACK_TLVS)
  return { type: NLMSG.ERROR, sequence, flags, body: `${number.toString('hex')} ${'00'.repeat(16)} ${extack}` }
}

/** `RTM_NEWLINK` of a link with that index and no attributes. */
export function newLink(sequence: number, index: number, flags = 0): Played {
  const number = Buffer.alloc(4)
  number.writeInt32LE(index)
  return {
    type: linkOperations.reply.type,
    sequence,
    flags,
    body: `00000000 ${number.toString('hex')} ${'00'.repeat(8)}`,
  }
}

/** The end of a dump. */
export function done(sequence: number, body = '00000000', flags: number = NLM_F.MULTI): Played {
  return { type: NLMSG.DONE, sequence, flags, body }
}

/** A transaction of `count` requests whose sequence numbers begin at 101. */
export function transaction(
  kind: 'acknowledged' | 'single' | 'dump',
  requests: readonly NetlinkRequest[] = [addLinkRequest({ ifname: 'a' })],
): Transaction<Link> {
  let sequence = 100
  return new Transaction(kind, requests, { reply: linkOperations.reply, nextSequence: () => ++sequence })
}
