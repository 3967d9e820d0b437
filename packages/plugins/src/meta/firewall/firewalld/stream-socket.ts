import { closeSync } from 'node:fs'
import { checked, errno, native, wakeOnAbort } from '@patchbay/linux/sys'
import { AF_UNIX, writeUnixAddress } from './bus-address.ts'

/** `<sys/socket.h>` */
const SOCK_STREAM = 1
const SOCK_NONBLOCK = 0x800

const CHUNK_BYTES = 4096

/** How long somebody waits for the other side. */
export interface Patience {
  /** For the next bytes, in milliseconds. */
  readonly timeoutMs: number
  /** Ends the wait; the connection is of no use afterwards. */
  readonly signal?: AbortSignal | undefined
}

/** A connection to a Unix socket. No module for sockets is loaded: a plugin has no time for one. */
export class StreamSocket implements Disposable {
  readonly #fd: number
  readonly #patience: Patience
  #received = new Uint8Array()

  /** @throws SystemError when nobody listens at `path`, or nobody has taken the connections before */
  constructor(path: string, patience: Patience) {
    this.#patience = patience
    this.#fd = checked('socket', native().socketIn(-1, AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0))
    try {
      checked('connect', native().connect(this.#fd, writeUnixAddress(path)), path)
    } catch (error) {
      this[Symbol.dispose]()
      throw error
    }
  }

  /** For less than the socket holds, which is some 200 KiB. @throws SystemError */
  send(bytes: Uint8Array): void {
    if (checked('send', native().send(this.#fd, bytes)) < bytes.length)
      throw new Error(`it has taken only part of ${bytes.length} bytes`)
  }

  /**
   * Takes from what has been received, and waits for more until that is possible.
   *
   * @param lengthOf how many bytes to take of those that there are; `undefined` while more are needed to know
   * @throws Error when the other side closes, or stays silent; the reason of an aborted signal
   */
  async take(lengthOf: (received: Uint8Array) => number | undefined): Promise<Uint8Array> {
    let length = lengthOf(this.#received)
    while (length === undefined || length > this.#received.length) {
      await this.#receive()
      length = lengthOf(this.#received)
    }
    const taken = this.#received.subarray(0, length)
    this.#received = this.#received.subarray(length)
    return taken
  }

  async #receive(): Promise<void> {
    const chunk = new Uint8Array(CHUNK_BYTES)
    const { timeoutMs, signal } = this.#patience
    const length = await wakeOnAbort(
      signal,
      () => void native().shutdown(this.#fd),
      () => native().receiveAsync(this.#fd, chunk, timeoutMs),
    )
    if (length === -errno.ETIMEDOUT) throw new Error(`no answer within ${timeoutMs} ms`)
    if (checked('recv', length) === 0) throw new Error('it closed the connection')
    const all = new Uint8Array(this.#received.length + length)
    all.set(this.#received)
    all.set(chunk.subarray(0, length), this.#received.length)
    this.#received = all
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd)
  }
}
