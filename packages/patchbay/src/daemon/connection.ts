import { errno, native } from '@patchbay/linux/sys'
import { CallerIdentity } from './caller-identity.ts'
import type { Channel, ChannelUser } from './channel.ts'
import { formatDone, formatFrame, frame } from './frames.ts'
import { RequestReader, type ShimRequest } from './request-reader.ts'

/** Milliseconds. */
export const connectionTimes = {
  /** A request that has not come by then is refused. */
  arrival: 10_000,
  /** How often a waiting caller hears that it is not forgotten; it gives up after 15 seconds of silence. */
  heartbeat: 5_000,
  /** How long an answer waits for its reader. */
  delivery: 10_000,
} as const

/** Bytes for standard error that may wait for a caller that does not read; what comes after is dropped. */
const STDERR_LIMIT = 2 ** 20

const oneByte = new Uint8Array(1)

/** What all connections share. */
export interface ConnectionHost {
  /** What requests must begin with. */
  readonly origin: Buffer
  /** QuickReading how many bytes more a request takes up in memory, or less; false when there is no room for it. */
  charge(bytes: number): boolean
  /** Gets the whole request. */
  serve(request: ShimRequest, connection: Connection): void
  onClose(): void
}

/** One caller: a shim, or a client that asks about the daemon. */
export class Connection implements ChannelUser {
  readonly #channel: Channel
  readonly #host: ConnectionHost
  readonly #reader: RequestReader
  readonly #identity: CallerIdentity
  #gone: AbortController | undefined
  #timer: NodeJS.Timeout | undefined
  #heartbeat: NodeJS.Timeout | undefined
  #charged = 0
  #isHandedOn = false
  #isClosed = false

  constructor(channel: Channel, host: ConnectionHost) {
    this.#channel = channel
    this.#host = host
    this.#reader = new RequestReader(host.origin)
    this.#identity = new CallerIdentity(() => channel.fd)
    this.#timer = setTimeout(() => this.refuse('the request did not come in time'), connectionTimes.arrival)
  }

  /** Aborted when the caller is gone before it has its answer. */
  get signal(): AbortSignal {
    this.#gone ??= new AbortController()
    return this.#gone.signal
  }

  /** Process and user id of the caller, when it connected; `undefined` when it cannot be known. */
  get peer(): { pid: number; uid: number } | undefined {
    const credentials = native().peerCredentials(this.#channel.fd)
    if (typeof credentials === 'number') return undefined
    const [pid, uid] = credentials
    return { pid, uid }
  }

  /** Whether the process of {@link peer} is the one that connected, and not a later one of the same number. */
  isFromPeer(): boolean {
    return this.#identity.isUnchanged()
  }

  /** Whether the caller is still there: holds the other end, says nothing and has not closed it. */
  isAlive(): boolean {
    return !this.#isClosed && native().receive(this.#channel.fd, oneByte, 0) === -errno.ETIMEDOUT
  }

  /** Says that the call waits, and again and again until {@link begin}. */
  queue(): void {
    const say = () => this.#channel.write(formatFrame(frame.queued))
    say()
    this.#heartbeat = setInterval(say, connectionTimes.heartbeat)
  }

  /** Says that a call that waited does so no longer. One that did not wait has begun without a word. */
  begin(): void {
    if (this.#heartbeat === undefined) return
    clearInterval(this.#heartbeat)
    this.#channel.write(formatFrame(frame.begun))
  }

  writeStderr(text: string): void {
    if (this.#channel.unsent < STDERR_LIMIT) this.#channel.write(formatFrame(frame.stderr, text))
  }

  finish(status: number, stdout: string): void {
    this.#gone = undefined
    this.#sayLast(formatDone(status, stdout))
    this.#channel.close()
    this.#awaitDelivery()
  }

  /** Has the shim do the call itself. One that is still sending is heard out, so that it comes to hear this. */
  refuse(why: string): void {
    this.#sayLast(formatFrame(frame.refused, why))
    this.#channel.end()
    this.#awaitDelivery()
  }

  /** The same for one that has not been read, and is not going to be: the connection ends now. */
  refuseAtOnce(why: string): void {
    this.#sayLast(formatFrame(frame.refused, why))
    // Once the channel knows its user, who hears of the end.
    queueMicrotask(() => this.#channel.destroy())
  }

  #sayLast(bytes: Uint8Array): void {
    this.#isHandedOn = true
    this.#stopTimers()
    this.#channel.write(bytes)
  }

  #awaitDelivery(): void {
    if (this.#isClosed) return
    this.#timer = setTimeout(() => this.#channel.destroy(), connectionTimes.delivery)
  }

  receive(piece: Buffer): void {
    // Nothing follows a request; and what a refused caller still sends is only read so that it can read, too.
    if (this.#isHandedOn) return
    try {
      const request = this.#reader.accept(piece)
      if (!this.#charge(this.#reader.size)) throw new RangeError('Cannot serve the request: no room for it')
      if (request === undefined) return
      this.#isHandedOn = true
      clearTimeout(this.#timer)
      this.#host.serve(request, this)
    } catch (error) {
      this.refuse(error instanceof Error ? error.message : String(error))
    }
  }

  onClose(): void {
    this.#isClosed = true
    this.#stopTimers()
    this.#charge(0)
    this.#host.onClose()
    this.#gone?.abort(new Error('Cannot finish the call: its caller is gone'))
  }

  #stopTimers(): void {
    clearTimeout(this.#timer)
    clearInterval(this.#heartbeat)
  }

  #charge(bytes: number): boolean {
    const more = bytes - this.#charged
    this.#charged = bytes
    return this.#host.charge(more)
  }
}
