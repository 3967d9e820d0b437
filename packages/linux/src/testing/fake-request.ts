import { NLM_F, type Operation, type RawMessage } from '../netlink/index.ts'
import { extendedAck, Writer } from '../netlink/raw.ts'
import { errnoName } from '../sys/index.ts'
import { acknowledgement, endOfList, type FakeMessage } from './fake-message.ts'

/** A request as it arrived at a fake kernel. */
export class FakeRequest implements RawMessage {
  /** `RTM_NEWLINK` and the like, by number. */
  readonly type: number
  /** `NLM_F` */
  readonly flags: number
  readonly sequence: number
  readonly portId: number
  /** What follows the netlink header. */
  readonly body: Uint8Array

  constructor({ type, flags, sequence, portId, body }: RawMessage) {
    this.type = type
    this.flags = flags
    this.sequence = sequence
    this.portId = portId
    this.body = body
  }

  /** Whether it asks for this operation: `linkOperations.add`. */
  is(operation: Pick<Operation<unknown>, 'type'>): boolean {
    return this.type === operation.type
  }

  /**
   * What the operation is to be done with.
   *
   * @throws TypeError when the request is for another operation
   * @throws DecodeError when the request is malformed
   */
  valueFor<V>(operation: Operation<V>): V {
    if (!this.is(operation))
      throw new TypeError(`Cannot read message ${this.type} as "${operation.name}": another type`)
    return operation.body.read(this.body)
  }
}

/** An object that a fake kernel sends back. Made by {@link reply}. */
export interface FakeObject {
  readonly type: number
  readonly body: Uint8Array
}

/** An object to send back: `reply(linkOperations.reply, { index: 2, ifname: 'eth0' })`. */
export function reply<In>(operation: Operation<unknown, In>, value: In): FakeObject {
  const w = new Writer()
  operation.body.write(w, value)
  return { type: operation.type, body: w.finish().slice() }
}

/** `<asm-generic/errno.h> EHWPOISON` */
const LAST_ERRNO = 133

/** A fake kernel's no. Made by {@link refusal}. */
export interface FakeRefusal {
  /** Positive error number. */
  readonly errno: number
  readonly extack: { readonly message?: string; readonly offset?: number }
}

/**
 * Refuses a request: `refusal('EEXIST')`.
 *
 * @param code name of the error, `<errno.h>`
 * @param extack the kernel's sentence, and where in the request the offending attribute begins
 * @throws RangeError when no error has that name
 */
export function refusal(code: string, extack: FakeRefusal['extack'] = {}): FakeRefusal {
  for (let errno = 1; errno <= LAST_ERRNO; errno++) if (errnoName(errno) === code) return { errno, extack }
  throw new RangeError(`Cannot refuse with "${code}": no error has that name`)
}

/** What a fake kernel answers: objects, none for a plain success, or a refusal. */
export type FakeAnswer = readonly FakeObject[] | FakeRefusal

/** The messages in which a kernel would give an answer to a request. */
export function messagesFor({ flags, sequence }: FakeRequest, answer: FakeAnswer): FakeMessage[] {
  if ('errno' in answer) return [acknowledgement(sequence, -answer.errno, extackOf(answer))]
  const isList = (flags & NLM_F.DUMP) === NLM_F.DUMP && !(flags & NLM_F.ACK)
  const objects = answer.map((object) => ({ ...object, sequence, flags: isList ? NLM_F.MULTI : 0 }))
  if (isList) return [...objects, endOfList(sequence)]
  return flags & NLM_F.ACK ? [...objects, acknowledgement(sequence, 0)] : objects
}

function extackOf({ extack: { message, offset } }: FakeRefusal): Uint8Array {
  const w = new Writer()
  extendedAck.write(w, { msg: message, offs: offset })
  return w.finish().slice()
}
