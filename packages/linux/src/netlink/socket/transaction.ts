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
  flags: number
}

/** What stands around requests that the kernel carries out all or none. */
export interface BatchFrame {
  readonly begin: Request
  readonly end: Request
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
  readonly #kind: 'acknowledged' | 'single' | 'dump' | 'batch'
  /** The answer to any of these is the last that comes. */
  readonly #final: ReadonlySet<number>

  /**
   * @param kind what ends it: an acknowledgement for each request, one object, the end of a list, or the
   *   acknowledgement of a whole batch, which goes into a frame
   * @param nextSequence called once for each request
   */
  constructor(
    kind: 'acknowledged' | 'single' | 'dump' | 'batch',
    requests: readonly Request[],
    options: { reply?: Operation<R> | undefined; frame?: BatchFrame; nextSequence: () => number },
  ) {
    const { frame, nextSequence } = options
    const flags = { acknowledged: NLM_F.ACK, single: 0, dump: NLM_F.DUMP, batch: 0 }[kind]
    const number = (request: Request, position: number) => ({ request, position, sequence: nextSequence(), flags })
    const begin = frame && requests.length > 0 ? [number(frame.begin, 0)] : []
    const sent: Numbered[] = [...begin, ...requests.map(number)]
    this.count = requests.length
    this.#final = kind === 'batch' ? finalOf(sent) : new Set()
    this.#waiting = new Map(sent.map((numbered) => [numbered.sequence, numbered]))
    this.bytes = encode(frame && requests.length > 0 ? [...sent, number(frame.end, 0)] : sent)
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
      if (this.#final.has(message.sequence)) this.#waiting.clear()
    } else if (message.type === this.#reply?.type) {
      this.replies.push(this.#reply.body.read(message.body))
      if (this.#kind === 'single') this.#waiting.delete(message.sequence)
    }
  }
}

/**
 * Has the kernel acknowledge the last request of a batch, whose answer comes after all others. The beginning is answered
 * only for a batch that was refused as a whole: by permission, by its generation, or when it was to take effect.
 */
function finalOf(sent: readonly Numbered[]): ReadonlySet<number> {
  const [begin, last] = [sent[0], sent.at(-1)]
  if (!begin || !last) return new Set()
  last.flags |= NLM_F.ACK
  return new Set([begin.sequence, last.sequence])
}

function encode(sent: readonly Numbered[]): Uint8Array {
  const w = new Writer()
  for (const { request, sequence, flags } of sent) {
    const header = { type: request.type, flags: NLM_F.REQUEST | flags | request.flags, sequence }
    writeMessage(w, header, () => request.write(w))
  }
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
  const { name, object } = request
  const about = { sequence, position, ...(object !== undefined && { object }), ...(known && { extack: described }) }
  return new NetlinkError(name, -error, about)
}

/** The kernel names an attribute by where it stood in what we sent; the same table turns that into its name. */
function pathAt(request: Request, offset: number): string | undefined {
  const w = new Writer()
  request.write(w)
  return request.locate(w.finish(), offset - HEADER_BYTES)
}
