import { errno } from '../../sys/index.ts'
import {
  type Acknowledgement,
  beginMessage,
  endMessage,
  HEADER_BYTES,
  MessageList,
  NLM_F,
  NLMSG,
  readAcknowledgement,
  u32At,
  Writer,
} from '../wire/index.ts'
import { type ExtendedAck, NetlinkError } from './netlink-error.ts'
import type { NetlinkRequest, Operation } from './operation.ts'

/** A request with the sequence number it is sent under. */
interface Numbered {
  request: NetlinkRequest
  position: number
  sequence: number
  flags: number
  answered: boolean
}

/**
 * What ends a transaction: an acknowledgement for each request, one object for each, the end of a list, or the
 * acknowledgement of a whole batch, which goes into a frame.
 */
export type TransactionKind = 'acknowledged' | 'single' | 'dump' | 'batch'

const kindFlags = { acknowledged: NLM_F.ACK, single: 0, dump: NLM_F.DUMP, batch: 0 } as const

/** What stands around requests that the kernel carries out all or none. */
export interface BatchFrame {
  readonly begin: NetlinkRequest
  readonly end: NetlinkRequest
}

/** What has been sent and what has come back for it: pure, so that any order of answers can be played to it. */
export class Transaction<R> {
  /** The bytes to send. */
  readonly bytes: Uint8Array
  /** How many requests they hold. */
  readonly count: number
  /**
   * What the kernel sent beside acknowledgements, decoded: in the order of the requests if each asks for one object, else
   * as it came.
   */
  readonly replies: R[] = []
  /** A dump during which the list changed. */
  interrupted = false
  #refusal: Refusal | undefined
  /** What is answered, under consecutive numbers. */
  readonly #sent: Numbered[] = []
  #unanswered = 0
  readonly #reply: Operation<R> | undefined
  readonly #kind: TransactionKind

  /** @param nextSequence called once for each request */
  constructor(
    kind: TransactionKind,
    requests: readonly NetlinkRequest[],
    options: { reply?: Operation<R> | undefined; frame?: BatchFrame; nextSequence: () => number },
  ) {
    const { frame, nextSequence } = options
    this.#kind = kind
    this.#reply = options.reply
    this.count = requests.length
    const framed = requests.length === 0 ? undefined : frame
    if (framed) this.#number(framed.begin, 0, nextSequence())
    let position = 0
    for (const request of requests) this.#number(request, position++, nextSequence())
    this.#unanswered = this.#sent.length
    // Has the kernel acknowledge the last request of a batch, whose answer comes after all others.
    const last = this.#sent.at(-1)
    if (kind === 'batch' && last) last.flags = NLM_F.ACK
    const w = new Writer()
    for (const { request, sequence, flags } of this.#sent) writeRequest(w, request, { sequence, flags })
    if (framed) writeRequest(w, framed.end, { sequence: nextSequence(), flags: 0 })
    this.bytes = w.finish()
  }

  #number(request: NetlinkRequest, position: number, sequence: number): void {
    this.#sent.push({ request, position, sequence, flags: kindFlags[this.#kind], answered: false })
  }

  /** Whether everything that was asked has been answered. */
  get done(): boolean {
    return this.#unanswered === 0
  }

  /**
   * Takes a datagram in. Nothing is kept of its memory, which may be used again.
   *
   * @param length how much of `bytes` the datagram is
   * @throws DecodeError when the datagram is not what a kernel sends
   */
  accept(bytes: Uint8Array, length = bytes.length): void {
    const messages = new MessageList(bytes, length)
    while (messages.next()) {
      const numbered = this.#waiting(messages.sequence)
      if (numbered) this.#acceptMessage(numbered, messages)
    }
  }

  /**
   * The replies, once done.
   *
   * @throws NetlinkError for the first request that was refused
   */
  result(): R[] {
    if (this.#refusal) throw errorOf(this.#refusal)
    return this.replies
  }

  /** The number of the error with which the kernel has refused the first of those that it refused; 0 when none was refused. */
  get refusedWith(): number {
    return this.#refusal?.code ?? 0
  }

  /**
   * The object that a request asked for, once done.
   *
   * @throws NetlinkError for the first request that was refused; `ENOENT` when the kernel answered without an object
   */
  object(position: number): R {
    const object = this.result()[position]
    if (object !== undefined) return object
    const request = this.#sent[position]?.request
    throw new NetlinkError(request?.name ?? '', errno.ENOENT, { position, object: request?.object })
  }

  /**
   * The objects, once done, in the order of their requests.
   *
   * @throws NetlinkError as {@link object}
   */
  objects(): R[] {
    return this.#sent.map(({ position }) => this.object(position))
  }

  /** The request of that number, unless it has been answered. */
  #waiting(sequence: number): Numbered | undefined {
    if (this.done) return undefined
    const likely = this.#sent[sequence - (this.#sent[0]?.sequence ?? 0)]
    // Somewhere after the highest number comes the lowest.
    const numbered = likely?.sequence === sequence ? likely : this.#sent.find((each) => each.sequence === sequence)
    return numbered?.answered ? undefined : numbered
  }

  #acceptMessage(numbered: Numbered, message: MessageList): void {
    const { type } = message
    if (this.#kind === 'dump' && message.flags & NLM_F.DUMP_INTR) this.interrupted = true
    if (type === NLMSG.ERROR || type === NLMSG.DONE) {
      if (!isPlainSuccess(message)) this.#refusal ??= refusalIn(message, numbered)
      this.#answer(numbered)
    } else if (type === this.#reply?.type) {
      // What is decoded may keep views of the body.
      const object = this.#reply.body.read(message.copyBody())
      if (this.#kind !== 'single') this.replies.push(object)
      else {
        this.replies[numbered.position] = object
        this.#answer(numbered)
      }
    }
  }

  /**
   * The beginning of a batch is answered only when it was refused as a whole: by permission, by its generation, or when it
   * was to take effect. No more comes then, and none after the answer to the last request.
   */
  #answer(numbered: Numbered): void {
    numbered.answered = true
    this.#unanswered--
    if (this.#kind === 'batch' && (numbered === this.#sent[0] || numbered === this.#sent.at(-1))) this.#unanswered = 0
  }
}

function writeRequest(
  w: Writer,
  request: NetlinkRequest,
  { sequence, flags }: { sequence: number; flags: number },
): void {
  const start = beginMessage(w, { type: request.type, flags: NLM_F.REQUEST | flags | request.flags, sequence })
  request.write(w)
  endMessage(w, start)
}

/** Whether this is a plain acknowledgement of success. */
function isPlainSuccess({ bytes, start, end, flags }: MessageList): boolean {
  return end - start >= 4 && !(flags & NLM_F.ACK_TLVS) && u32At(bytes, start) === 0
}

/** What the kernel has said against a request. */
interface Refusal {
  readonly numbered: Numbered
  readonly code: number
  readonly extack: Acknowledgement['extack']
}

function refusalIn(message: MessageList, numbered: Numbered): Refusal | undefined {
  const { error, extack } = readAcknowledgement(message.copy())
  return error < 0 ? { numbered, code: -error, extack } : undefined
}

/** Built lazily: most refusals are of objects that need not be there. */
function errorOf({ numbered, code, extack }: Refusal): NetlinkError {
  const { request, position, sequence } = numbered
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
  return new NetlinkError(name, code, { sequence, position, object, ...(known && { extack: described }) })
}

/** The kernel names an attribute by where it stood in what we sent; the same table turns that into its name. */
function pathAt(request: NetlinkRequest, offset: number): string | undefined {
  const w = new Writer()
  request.write(w)
  return request.locate(w.finish(), offset - HEADER_BYTES)
}
