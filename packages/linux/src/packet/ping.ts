import { closeSync } from 'node:fs'
import type { IP } from '@patchbay/address'
import { checked, errno, native, SystemError, wakeOnAbort } from '../sys/index.ts'
import { type Answer, type Echo, readAnswer, writeEchoRequest } from './icmp/index.ts'
import { PingError } from './ping-error.ts'
import { AF_INET, AF_INET6, writeSocketAddress } from './socket-address.ts'

/** `<sys/socket.h>`, `<netinet/in.h>` */
const SOCK_RAW = 3
const protocols = { 4: { domain: AF_INET, protocol: 1 }, 6: { domain: AF_INET6, protocol: 58 } } as const

const DEFAULT_TIMEOUT_MS = 1000
const LARGEST_PACKET = 65_536
/** Random bytes by which a reply is known; those of ping(8) are 56 with the time in them. */
const DATA_LENGTH = 56

export interface PingOptions {
  /** The namespace to ping from; this process's own when absent. */
  netns?: { readonly fd: number } | undefined
  to: IP
  /** How many requests are sent, each once the one before it has been answered; 1 by default. */
  count?: number | undefined
  /** How long to wait for each reply, in milliseconds; 1000 by default. */
  timeoutMs?: number | undefined
  /** Index of the link, which a link-local address needs. */
  index?: number | undefined
  /** Ends the wait for replies. */
  signal?: AbortSignal | undefined
}

/**
 * Sends ICMP echo requests and waits for the replies. No process is run; the caller needs CAP_NET_RAW over the namespace.
 *
 * @returns the round-trip times in milliseconds
 * @throws PingError for the first request that gets no answer; the reason of an aborted signal
 */
export async function ping(options: PingOptions): Promise<number[]> {
  const { to, count = 1 } = options
  const times: number[] = []
  options.signal?.throwIfAborted()
  try {
    using sockets = new PingSockets(options)
    const [identifier = 0] = crypto.getRandomValues(new Uint16Array(1))
    for (let sequence = 1; sequence <= count; sequence++) {
      const data = crypto.getRandomValues(new Uint8Array(DATA_LENGTH))
      times.push(await sockets.roundTrip({ identifier, sequence: sequence & 0xffff, data }))
    }
  } catch (cause) {
    if (!(cause instanceof SystemError)) throw cause
    const state = cause.message.slice(cause.message.indexOf(': ') + 2)
    throw new PingError(to, state, { code: cause.code, cause })
  }
  return times
}

/**
 * Two sockets, because a connected one receives from its peer alone: what a router says about an unreachable peer comes
 * to the other.
 */
class PingSockets implements Disposable {
  readonly #to: IP
  readonly #timeoutMs: number
  readonly #signal: AbortSignal | undefined
  readonly #sender: number
  readonly #receiver: number
  readonly #buffer = new Uint8Array(LARGEST_PACKET)

  constructor({ netns, to, index, timeoutMs = DEFAULT_TIMEOUT_MS, signal }: PingOptions) {
    const { domain, protocol } = protocols[to.family]
    this.#to = to
    this.#timeoutMs = timeoutMs
    this.#signal = signal
    this.#receiver = checked('socket', native().socketIn(netns?.fd ?? -1, domain, SOCK_RAW, protocol))
    this.#sender = native().socketIn(netns?.fd ?? -1, domain, SOCK_RAW, protocol)
    try {
      checked('socket', this.#sender)
      checked('connect', native().connect(this.#sender, writeSocketAddress(to, { index })))
    } catch (error) {
      this[Symbol.dispose]()
      throw error
    }
  }

  [Symbol.dispose](): void {
    closeSync(this.#receiver)
    if (this.#sender >= 0) closeSync(this.#sender)
  }

  async roundTrip(echo: Echo): Promise<number> {
    const request = writeEchoRequest(this.#to.family, echo)
    const sent = performance.now()
    checked('send', native().send(this.#sender, request))
    let now = sent
    while (now < sent + this.#timeoutMs) {
      const received = await this.#receive(sent + this.#timeoutMs - now)
      now = performance.now()
      const answer = received && readAnswer(this.#to.family, received)
      if (!answer || !isAnswerTo(echo, answer, this.#to)) continue
      if (!answer.failure) return now - sent
      throw this.#failed(answer.failure, answer.from)
    }
    throw new PingError(this.#to, `no reply within ${this.#timeoutMs} ms`, { code: 'ETIMEDOUT' })
  }

  /** What comes next, if something does before `timeoutMs` have passed. */
  async #receive(timeoutMs: number): Promise<Uint8Array | undefined> {
    // Between namespaces of one machine the answer is there before send returns; the thread pool is for the rest.
    let length = native().receive(this.#receiver, this.#buffer, 0)
    if (length === -errno.ETIMEDOUT)
      length = await wakeOnAbort(
        this.#signal,
        () => void native().shutdown(this.#receiver),
        () => native().receiveAsync(this.#receiver, this.#buffer, Math.ceil(timeoutMs)),
      )
    return length === -errno.ETIMEDOUT ? undefined : this.#buffer.subarray(0, checked('recv', length))
  }

  #failed({ code, reason }: NonNullable<Answer['failure']>, from: IP | undefined): PingError {
    return new PingError(this.#to, from ? `${reason}, says ${from}` : reason, { code, from })
  }
}

/** Every raw socket of a namespace sees every answer: also those to others. */
function isAnswerTo(echo: Echo, { echo: answered, failure }: Answer, to: IP): boolean {
  if (answered.identifier !== echo.identifier || answered.sequence !== echo.sequence) return false
  if (failure) return failure.destination.equals(to)
  return Buffer.compare(answered.data, echo.data) === 0
}
