import {
  HEADER_BYTES,
  messagesOf,
  NLM_F,
  NLMSG,
  type RawMessage,
  readAcknowledgement,
  Writer,
  writeMessage,
} from '../wire/index.ts'
import { type ExtendedAck, NetlinkError } from './netlink-error.ts'
import type { Operation, Request } from './operation.ts'

/** A request with the sequence number it is sent under. */
interface Numbered {
  request: Request
  position: number
  sequence: number
}

/** What has been sent and what has come back for it: pure, so that any order of answers can be played to it. */
export class Transaction<R> {
  /** The bytes to send. */
  readonly bytes: Uint8Array
  /** How many requests they hold. */
  readonly count: number
  /** What the kernel sent beside acknowledgements, decoded. */
  readonly replies: R[] = []
  /** A dump during which the list changed. */
  interrupted = false
  #failure: NetlinkError | undefined
  readonly #waiting: Map<number, Numbered>
  readonly #reply: Operation<R> | undefined
  readonly #kind: 'acknowledged' | 'single' | 'dump'

  /**
   * @param kind what ends it: an acknowledgement for each request, one object, or the end of a list
   * @param nextSequence called once for each request
   */
  constructor(
    kind: 'acknowledged' | 'single' | 'dump',
    requests: readonly Request[],
    options: { reply?: Operation<R> | undefined; nextSequence: () => number },
  ) {
    const sent = requests.map((request, position) => ({ request, position, sequence: options.nextSequence() }))
    const flags = { acknowledged: NLM_F.ACK, single: 0, dump: NLM_F.DUMP }[kind]
    this.count = sent.length
    this.bytes = encode(sent, NLM_F.REQUEST | flags)
    this.#waiting = new Map(sent.map((numbered) => [numbered.sequence, numbered]))
    this.#reply = options.reply
    this.#kind = kind
  }

  /** Whether everything that was asked has been answered. */
  get done(): boolean {
    return this.#waiting.size === 0
  }

  /** @throws DecodeError when the datagram is not what a kernel sends */
  accept(datagram: Uint8Array): void {
    for (const message of messagesOf(datagram)) {
      const numbered = this.#waiting.get(message.sequence)
      if (numbered) this.#acceptMessage(numbered, message)
    }
  }

  /**
   * The replies, once done.
   *
   * @throws NetlinkError for the first request that was refused
   */
  result(): R[] {
    if (this.#failure) throw this.#failure
    return this.replies
  }

  #acceptMessage(numbered: Numbered, message: RawMessage): void {
    if (message.flags & NLM_F.DUMP_INTR && this.#kind === 'dump') this.interrupted = true
    if (message.type === NLMSG.ERROR || message.type === NLMSG.DONE) {
      this.#waiting.delete(message.sequence)
      this.#failure ??= refusal(numbered, message)
    } else if (message.type === this.#reply?.type) {
      this.replies.push(this.#reply.body.read(message.body))
      if (this.#kind === 'single') this.#waiting.delete(message.sequence)
    }
  }
}

function encode(sent: readonly Numbered[], flags: number): Uint8Array {
  const w = new Writer()
  for (const { request, sequence } of sent)
    writeMessage(w, { type: request.type, flags: flags | request.flags, sequence }, () => request.write(w))
  return w.finish()
}

function refusal({ request, position, sequence }: Numbered, message: RawMessage): NetlinkError | undefined {
  const { error, extack } = readAcknowledgement(message)
  if (error >= 0) return undefined
  const described: ExtendedAck = {}
  if (extack.msg !== undefined) described.message = extack.msg
  if (extack.policy !== undefined) described.policy = extack.policy
  if (extack.missType !== undefined) described.missing = extack.missType
  if (extack.offs !== undefined) {
    described.offset = extack.offs
    const path = pathAt(request, extack.offs)
    if (path !== undefined) described.path = path
  }
  const known = Object.keys(described).length > 0
  return new NetlinkError(request.name, -error, { sequence, position, ...(known && { extack: described }) })
}

/** The kernel names an attribute by where it stood in what we sent; the same table turns that into its name. */
function pathAt(request: Request, offset: number): string | undefined {
  const w = new Writer()
  request.write(w)
  return request.locate(w.finish(), offset - HEADER_BYTES)
}
