import { checked, checkedCalls, errno, wakeOnAbort } from '../../sys/index.ts'
import { beginMessage, endMessage, NLM_F, NLMSG, Writer } from '../wire/index.ts'
import { BufferRoom } from './buffer-room.ts'
import { DATAGRAM_BYTES, lengthWithin, ownSpace } from './datagram.ts'
import type { SocketCalls } from './socket-calls.ts'
import type { Transaction } from './transaction.ts'

/** The kernel answers before send returns; this only keeps a broken kernel from hanging a caller forever. */
const ANSWER_TIMEOUT_MS = 30_000

/** Carries transactions out on one descriptor: sends what they ask, which is something, and receives until all is answered. */
export class Exchange {
  readonly #fd: number
  readonly #calls: SocketCalls
  readonly #room: BufferRoom
  /** For answers that another thread receives: they come while other sockets receive theirs. */
  #buffer: Uint8Array | undefined

  constructor(fd: number, calls: SocketCalls) {
    this.#fd = fd
    this.#calls = calls
    this.#room = new BufferRoom(fd, calls)
  }

  /** On this thread. */
  here<R>(transaction: Transaction<R>): Transaction<R> {
    this.#room.makeFor(transaction)
    const [fd, calls] = [this.#fd, this.#calls]
    const length = calls.exchange(fd, transaction.bytes, ownSpace, ANSWER_TIMEOUT_MS)
    transaction.accept(ownSpace, lengthWithin(checkedCalls(['send', 'recv'], length)))
    while (!transaction.done)
      transaction.accept(ownSpace, lengthWithin(checked('recv', calls.receive(fd, ownSpace, ANSWER_TIMEOUT_MS))))
    return transaction
  }

  /** On the thread pool; what takes long, on a thread of its own. */
  async offThread<R>(transaction: Transaction<R>, isLong: boolean): Promise<Transaction<R>> {
    this.#room.makeFor(transaction)
    const [fd, calls, space] = [this.#fd, this.#calls, this.#space()]
    const exchange = isLong ? 'exchangeLong' : 'exchangeAsync'
    let length = await calls[exchange](fd, transaction.bytes, space, ANSWER_TIMEOUT_MS)
    for (;;) {
      transaction.accept(space, lengthWithin(checked('netlink', length)))
      if (transaction.done) return transaction
      // When the first datagram is there, the others mostly are too.
      length = calls.receive(fd, space, 0)
      if (length === -errno.ETIMEDOUT) length = await calls.receiveAsync(fd, space, ANSWER_TIMEOUT_MS)
    }
  }

  /**
   * The next datagram, whose bytes the one after it replaces; `undefined` when none came in time.
   *
   * @throws the reason of an aborted signal
   */
  async nextDatagram(timeoutMs = ANSWER_TIMEOUT_MS, signal?: AbortSignal): Promise<Uint8Array | undefined> {
    const space = this.#space()
    const wake = () => void this.#calls.send(this.#fd, wakingMessage())
    const length = await wakeOnAbort(signal, wake, () => this.#calls.receiveAsync(this.#fd, space, timeoutMs))
    if (length === -errno.ETIMEDOUT) return undefined
    return space.subarray(0, lengthWithin(checked('recv', length)))
  }

  #space(): Uint8Array {
    this.#buffer ??= new Uint8Array(DATAGRAM_BYTES)
    return this.#buffer
  }
}

/** The kernel does nothing for it but to acknowledge it: whoever waits for a datagram gets one. No request has the number 0. */
function wakingMessage(): Uint8Array {
  const w = new Writer()
  endMessage(w, beginMessage(w, { type: NLMSG.NOOP, flags: NLM_F.REQUEST | NLM_F.ACK, sequence: 0 }))
  return w.finish()
}
