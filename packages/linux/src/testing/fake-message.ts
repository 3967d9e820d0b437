import { NLM_F } from '../netlink/index.ts'
import { NLMSG, s32, Writer, writeMessage } from '../netlink/raw.ts'

/** A message of a kernel. */
export interface FakeMessage {
  /** `RTM_NEWLINK` and the like, by number. */
  readonly type: number
  /** Number of the request that it answers; 0 for a notification. */
  readonly sequence: number
  /** `NLM_F`; 0 by default. */
  readonly flags?: number | undefined
  /** What follows the netlink header. */
  readonly body: Uint8Array
}

/** The bytes of one datagram with these messages, as a socket receives them. */
export function datagram(...messages: readonly FakeMessage[]): Uint8Array {
  const w = new Writer()
  for (const { type, sequence, flags = 0, body } of messages)
    writeMessage(w, { type, sequence, flags }, () => w.bytes(body))
  return w.finish().slice()
}

/** Header of the request that an acknowledgement repeats; nobody reads it. */
const REPEATED_HEADER_BYTES = 16

/**
 * The kernel's acknowledgement of a request.
 *
 * @param error 0 for success, else a negated error number
 * @param extack attributes of the extended acknowledgement, `NLMSGERR_ATTR_*`
 */
export function acknowledgement(sequence: number, error: number, extack: Uint8Array = new Uint8Array(0)): FakeMessage {
  const w = new Writer()
  s32.write(w, error)
  w.zeros(REPEATED_HEADER_BYTES)
  w.bytes(extack)
  const flags = NLM_F.CAPPED | (extack.length === 0 ? 0 : NLM_F.ACK_TLVS)
  return { type: NLMSG.ERROR, sequence, flags, body: w.finish().slice() }
}

/** The end of a list, as the kernel sends it behind the last object. */
export function endOfList(sequence: number): FakeMessage {
  return { type: NLMSG.DONE, sequence, flags: NLM_F.MULTI, body: new Uint8Array(4) }
}
