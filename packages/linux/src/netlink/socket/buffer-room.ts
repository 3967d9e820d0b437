import { checked } from '../../sys/index.ts'
import type { SocketCalls } from './socket-calls.ts'

const SOL_SOCKET = 1
/** `<asm-generic/socket.h> SO_*` */
const socketOption = { SNDBUF: 7, RCVBUF: 8, SNDBUFFORCE: 32, RCVBUFFORCE: 33 } as const

/** What an answer takes of the receive buffer, its bookkeeping included, is below this. */
const ANSWER_BYTES = 4096

/** How much the kernel buffers of what a socket sends and is answered: at first what it gives to every socket. */
export class BufferRoom {
  readonly #fd: number
  readonly #calls: SocketCalls
  #answerBytes = 32 * ANSWER_BYTES
  #requestBytes = 65536

  constructor(fd: number, calls: SocketCalls) {
    this.#fd = fd
    this.#calls = calls
  }

  /** The kernel answers a whole batch before anyone reads: answers that find no room are lost. */
  makeFor({ bytes, count }: { readonly bytes: Uint8Array; readonly count: number }): void {
    if (count * ANSWER_BYTES > this.#answerBytes) {
      this.#answerBytes = count * ANSWER_BYTES
      this.#resize(socketOption.RCVBUFFORCE, socketOption.RCVBUF, this.#answerBytes)
    }
    if (bytes.length > this.#requestBytes) {
      this.#requestBytes = bytes.length
      this.#resize(socketOption.SNDBUFFORCE, socketOption.SNDBUF, 2 * bytes.length)
    }
  }

  /** Beyond `net.core.*mem_max` only root of the machine may go; others get what there is. */
  #resize(forced: number, unforced: number, size: number): void {
    if (this.#calls.setsockopt(this.#fd, SOL_SOCKET, forced, size) < 0)
      checked('setsockopt', this.#calls.setsockopt(this.#fd, SOL_SOCKET, unforced, size))
  }
}
