import type { Socket } from 'node:net'
import { errno, native } from '@patchbay/linux/sys'
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

export interface ConnectionOptions {
  /** The build that the shim must be of. */
  readonly build: string
  /** Told how many bytes the request takes up in memory; false when there is no room for it. */
  readonly charge: (bytes: number) => boolean
  /** Gets the whole request. */
  readonly onRequest: (request: ShimRequest) => void
  readonly onClose: () => void
}

/** One caller: a shim, or a client that asks about the daemon. */
export class Connection {
  readonly #socket: Socket
  readonly #options: ConnectionOptions
  readonly #reader: RequestReader
  readonly #gone = new AbortController()
  #timer: NodeJS.Timeout | undefined
  #isHandedOn = false

  constructor(socket: Socket, options: ConnectionOptions) {
    this.#socket = socket
    this.#options = options
    this.#reader = new RequestReader(options.build)
    this.#timer = setTimeout(() => this.refuse('the request did not come in time'), connectionTimes.arrival)
    socket.on('data', (piece) => this.#receive(piece))
    // A caller that ends sends nothing more, and what is sent to it is lost: its end says all.
    socket.on('error', () => undefined)
    socket.on('close', () => this.#onClose())
  }

  /** Aborted when the caller is gone. */
  get signal(): AbortSignal {
    return this.#gone.signal
  }

  /** Process and user id of the caller, when it connected; `undefined` when it cannot be known. */
  get peer(): { pid: number; uid: number } | undefined {
    const credentials = native().peerCredentials(descriptorOf(this.#socket))
    if (typeof credentials === 'number') return undefined
    const [pid, uid] = credentials
    return { pid, uid }
  }

  /**
   * Whether the caller is still there. One that is holds the other end, says nothing and has not closed it: its process id
   * is still its own.
   */
  isAlive(): boolean {
    if (this.#gone.signal.aborted) return false
    return native().receive(descriptorOf(this.#socket), new Uint8Array(1), 0) === -errno.ETIMEDOUT
  }

  /** Says again and again that the call waits, until {@link begin}. */
  queue(): void {
    this.#timer = setInterval(() => this.#socket.write(formatFrame(frame.queued)), connectionTimes.heartbeat)
  }

  begin(): void {
    clearInterval(this.#timer)
    this.#socket.write(formatFrame(frame.begun))
  }

  writeStderr(text: string): void {
    if (this.#socket.writableLength < STDERR_LIMIT) this.#socket.write(formatFrame(frame.stderr, text))
  }

  finish(status: number, stdout: string): void {
    this.#end(formatDone(status, stdout))
  }

  /** Has the shim do the call itself. */
  refuse(why: string): void {
    this.#end(formatFrame(frame.refused, why))
  }

  #end(last: Uint8Array): void {
    this.#isHandedOn = true
    clearTimeout(this.#timer)
    this.#socket.end(last)
    this.#timer = setTimeout(() => this.#socket.destroy(), connectionTimes.delivery)
  }

  #receive(piece: Uint8Array): void {
    // Nothing follows a request; and what a refused caller still sends is only read so that it can read, too.
    if (this.#isHandedOn) return
    try {
      const request = this.#reader.accept(piece)
      if (!this.#options.charge(this.#reader.size)) throw new RangeError('Cannot serve the request: no room for it')
      if (request === undefined) return
      this.#isHandedOn = true
      clearTimeout(this.#timer)
      this.#options.onRequest(request)
    } catch (error) {
      this.refuse(error instanceof Error ? error.message : String(error))
    }
  }

  #onClose(): void {
    clearTimeout(this.#timer)
    this.#options.onClose()
    this.#gone.abort(new Error('Cannot finish the call: its caller is gone'))
  }
}

/** Node has no public name for it; both runtimes have it under this one. */
function descriptorOf(socket: Socket): number {
  const { _handle } = socket as unknown as { _handle?: { fd?: number } }
  return _handle?.fd ?? -1
}
