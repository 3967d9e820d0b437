import { NetlinkSocket, type SocketOptions } from '../netlink/index.ts'
import { messagesOf } from '../netlink/raw.ts'
import type { SocketCalls } from '../netlink/socket/socket-calls.ts'
import { errno } from '../sys/index.ts'
import { datagram } from './fake-message.ts'
import { type FakeAnswer, FakeRequest, messagesFor } from './fake-request.ts'

/**
 * A kernel that a test plays: its sockets send to a function, and receive what that answers, through the bytes of the real
 * protocol. It needs no privileges.
 */
export class FakeKernel {
  /** What it has been asked, in the order in which that came. */
  readonly requests: FakeRequest[] = []
  readonly #answer: (request: FakeRequest) => FakeAnswer

  /**
   * @param answer called for each request, whose acknowledgement follows by itself; what it throws, the caller of the socket
   *   gets. By default every request succeeds, and lists are empty.
   */
  constructor(answer: (request: FakeRequest) => FakeAnswer = () => []) {
    this.#answer = answer
  }

  /** A socket of this kernel. Whoever waits for an object that is not answered gets a `SystemError` `ETIMEDOUT` at once. */
  openSocket(options: Pick<SocketOptions, 'offThread'> = {}): NetlinkSocket {
    return NetlinkSocket.withCalls(new FakeCalls((bytes) => this.#take(bytes)), options)
  }

  #take(bytes: Uint8Array): Uint8Array[] {
    return messagesOf(bytes).flatMap((message) => {
      const request = new FakeRequest({ ...message, body: message.body.slice() })
      this.requests.push(request)
      return messagesFor(request, this.#answer(request)).map((answer) => datagram(answer))
    })
  }
}

/** The system calls of one socket. */
class FakeCalls implements SocketCalls {
  readonly #take: (bytes: Uint8Array) => Uint8Array[]
  readonly #received: Uint8Array[] = []

  constructor(take: (bytes: Uint8Array) => Uint8Array[]) {
    this.#take = take
  }

  send(_fd: number, bytes: Uint8Array): number {
    this.#received.push(...this.#take(bytes))
    return bytes.length
  }

  receive(_fd: number, into: Uint8Array): number {
    const next = this.#received.shift()
    if (next === undefined) return -errno.ETIMEDOUT
    into.set(next)
    return next.length
  }

  exchange(fd: number, request: Uint8Array, response: Uint8Array): number {
    this.send(fd, request)
    return this.receive(fd, response)
  }

  async exchangeAsync(fd: number, request: Uint8Array, response: Uint8Array): Promise<number> {
    return this.exchange(fd, request, response)
  }

  async exchangeLong(fd: number, request: Uint8Array, response: Uint8Array): Promise<number> {
    return this.exchange(fd, request, response)
  }

  async receiveAsync(fd: number, into: Uint8Array): Promise<number> {
    return this.receive(fd, into)
  }

  async sendAsync(fd: number, bytes: Uint8Array): Promise<number> {
    return this.send(fd, bytes)
  }

  sendFromChild(fd: number, bytes: Uint8Array): number {
    return this.send(fd, bytes)
  }

  setsockopt(): number {
    return 0
  }

  close(): number {
    return 0
  }

  async closeAsync(): Promise<number> {
    return 0
  }
}
