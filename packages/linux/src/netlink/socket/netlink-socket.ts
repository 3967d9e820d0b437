import { checked, checkedCalls, errno, giveBack, native, netnsFd, SystemError } from '../../sys/index.ts'
import { messagesOf, NLMSG, type RawMessage } from '../wire/index.ts'
import { type AnnouncedRequest, announcedRequest } from './announced-request.ts'
import { type BackgroundWork, threadBackground } from './background-work.ts'
import { consistentDump } from './consistent-dump.ts'
import { Exchange } from './exchange.ts'
import type { NetlinkRequest, Operation } from './operation.ts'
import type { SocketCalls } from './socket-calls.ts'
import type { SocketOptions } from './socket-options.ts'
import { type BatchFrame, Transaction } from './transaction.ts'

const SOL_NETLINK = 270
/** `<linux/netlink.h>` */
const NETLINK_ADD_MEMBERSHIP = 1

/**
 * A netlink socket bound to one network namespace. Requests are answered one after another; each has its sequence
 * number, and every answer is checked against it.
 */
export class NetlinkSocket implements Disposable {
  readonly fd: number
  readonly #calls: SocketCalls
  readonly #offThread: boolean
  #sequence = 0
  #closed = false
  readonly #closesSlowly: boolean
  readonly #background: BackgroundWork
  /** How many calls have not come to their end. */
  #pending = 0
  #last: Promise<unknown> = Promise.resolve()
  readonly #exchange: Exchange

  private constructor(
    fd: number,
    calls: SocketCalls,
    { offThread = false, closesSlowly = false, background = threadBackground }: SocketOptions,
  ) {
    this.fd = fd
    this.#calls = calls
    this.#exchange = new Exchange(fd, calls)
    this.#offThread = offThread
    this.#closesSlowly = closesSlowly
    this.#background = background
    if (closesSlowly) background.expectSlowClose(fd)
  }

  /**
   * @param protocol `NETLINK_*`: 0 is NETLINK_ROUTE, 12 NETLINK_NETFILTER
   * @throws SystemError when the socket cannot be opened in that namespace
   */
  static open(protocol: number, options: SocketOptions = {}): NetlinkSocket {
    const fd = checkedCalls(['socket', 'setsockopt', 'connect'], native().netlinkIn(netnsFd(options.netns), protocol))
    const socket = new NetlinkSocket(fd, native(), options)
    try {
      for (const group of options.groups ?? []) socket.#join(group)
    } catch (error) {
      socket.close()
      throw error
    }
    return socket
  }

  /** A socket whose system calls something else answers: one of a fake kernel. */
  static withCalls(calls: SocketCalls, options: SocketOptions = {}): NetlinkSocket {
    return new NetlinkSocket(-1, calls, options)
  }

  #join(group: number): void {
    checked('setsockopt', this.#calls.setsockopt(this.fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, group))
  }

  /**
   * Sends requests in one go and waits until the kernel has acknowledged each. Messages that the kernel sends back
   * for them (`NLM_F_ECHO`, or the object of a get) are decoded by `reply`.
   *
   * @throws NetlinkError for the first request that was refused; the others have taken effect all the same
   */
  async request<R>(requests: NetlinkRequest | readonly NetlinkRequest[], reply?: Operation<R>): Promise<R[]> {
    if (this.#isFree()) return this.#runHere(this.#acknowledged(requests, reply)).result()
    return this.#exclusive(async () => (await this.#run(this.#acknowledged(requests, reply))).result())
  }

  /**
   * Sends requests that the kernel carries out all or none, as nf_tables does with what stands in a frame. Messages that
   * it sends back for them (`NLM_F_ECHO`) are decoded by `reply`.
   *
   * @throws NetlinkError for the first request that was refused, by its `position`; nothing has taken effect then
   */
  async requestBatch<R>(requests: readonly NetlinkRequest[], frame: BatchFrame, reply?: Operation<R>): Promise<R[]> {
    const options = { reply, frame, nextSequence: this.#nextSequence }
    if (this.#isFree()) return this.#runHere(new Transaction('batch', requests, options)).result()
    return this.#exclusive(async () => (await this.#run(new Transaction('batch', requests, options))).result())
  }

  /** As {@link request}, but always on another thread: of the pool, or its own for what takes long, tens of milliseconds. */
  async requestSlow<R>(
    requests: NetlinkRequest | readonly NetlinkRequest[],
    reply?: Operation<R>,
    isLong = false,
  ): Promise<R[]> {
    return this.#exclusive(async () => (await this.#runOffThread(this.#acknowledged(requests, reply), isLong)).result())
  }

  /**
   * Sends a request that the kernel takes long over, in the background, and tells when the kernel announces what was asked
   * for; without an announcement, when it has finished.
   *
   * @param isAnnounced told every notification of this socket's groups until it answers yes
   */
  requestAnnounced(request: NetlinkRequest, isAnnounced: (message: RawMessage) => boolean): AnnouncedRequest {
    return announcedRequest((onAsked) => this.#exclusive(() => this.#untilAnnounced(request, isAnnounced, onAsked)))
  }

  async #untilAnnounced(
    request: NetlinkRequest,
    isAnnounced: (message: RawMessage) => boolean,
    onAsked: () => void,
  ): Promise<void> {
    this.#checkOpen()
    const transaction = this.#acknowledged(request, undefined)
    this.#sendInBackground(transaction.bytes)
    onAsked()
    while (!transaction.done) {
      const datagram = await this.#exchange.nextDatagram()
      if (!datagram) throw new SystemError('recv', errno.ETIMEDOUT)
      transaction.accept(datagram)
      if (!transaction.done && messagesOf(datagram).some(isAnnounced)) return
    }
    transaction.result()
  }

  /** What becomes of it is in the acknowledgement, or nobody waits for it any more. */
  #sendInBackground(bytes: Uint8Array): void {
    const sent = this.#background.send(this.fd, bytes, this.#calls)
    if (sent === undefined) return
    this.#pending++
    sent.then(this.#settled, this.#settled)
  }

  /** Says that the kernel will take long to close this socket and others, for what has been asked for. */
  markSlowClose(): void {
    this.#background.markSlowClose()
  }

  /**
   * Asks for one object, which the kernel answers with one message.
   *
   * @throws NetlinkError when the kernel refuses
   */
  async get<R>(request: NetlinkRequest, reply: Operation<R>): Promise<R> {
    if (this.#isFree()) return this.#runHere(this.#single([request], reply)).object(0)
    return this.#exclusive(async () => (await this.#run(this.#single([request], reply))).object(0))
  }

  /**
   * As {@link get}, for what need not be there.
   *
   * @param absence the number of the error by which the kernel says that there is no such object
   * @returns `undefined` when the kernel refuses with it
   */
  async find<R>(request: NetlinkRequest, reply: Operation<R>, absence: number): Promise<R | undefined> {
    const transaction = this.#single([request], reply)
    if (this.#isFree()) this.#runHere(transaction)
    else await this.#exclusive(() => this.#run(transaction))
    return transaction.refusedWith === absence ? undefined : transaction.object(0)
  }

  /**
   * Asks for several objects in one go: as {@link get} for each.
   *
   * @returns the objects in the order of their requests
   * @throws NetlinkError for the first request that was refused, by its `position`
   */
  async getEach<R>(requests: readonly NetlinkRequest[], reply: Operation<R>): Promise<R[]> {
    if (this.#isFree()) return this.#runHere(this.#single(requests, reply)).objects()
    return this.#exclusive(async () => (await this.#run(this.#single(requests, reply))).objects())
  }

  /**
   * All objects that the kernel lists for a request. A list that changed while it was read is read again.
   *
   * @throws NetlinkError when the kernel refuses, or `EINTR` when the list never stayed the same for one reading
   */
  async list<R>(request: NetlinkRequest, reply: Operation<R>): Promise<R[]> {
    const transaction = () => new Transaction('dump', [request], { reply, nextSequence: this.#nextSequence })
    if (this.#isFree()) return consistentDump(request.name, () => this.#runHere(transaction()))
    return this.#exclusive(() => consistentDump(request.name, () => this.#run(transaction())))
  }

  /**
   * Waits for the next datagram of the groups this socket listens to. Requests wait until it has come.
   *
   * @param timeoutMs in milliseconds
   * @param signal ends the wait; a datagram that comes at the same moment is lost
   * @returns its messages; `undefined` when none came within `timeoutMs`
   * @throws the reason of an aborted signal
   * @throws SystemError `ENOBUFS` when notifications were lost because nobody read them in time; more are lost until
   *   nothing is left to receive
   */
  async receive(timeoutMs: number, signal?: AbortSignal): Promise<RawMessage[] | undefined> {
    const deadline = performance.now() + timeoutMs
    return this.#exclusive(async () => {
      for (let leftMs = timeoutMs; ; leftMs = Math.max(0, Math.ceil(deadline - performance.now()))) {
        this.#checkOpen()
        const datagram = await this.#exchange.nextDatagram(leftMs, signal)
        if (!datagram) return undefined
        // Acknowledgements that nobody waits for are those that have woken an aborted wait.
        const messages = messagesOf(datagram.slice()).filter(({ type }) => type !== NLMSG.ERROR)
        if (messages.length > 0) return messages
      }
    })
  }

  /** Whether it is open and no request is under way. */
  get isIdle(): boolean {
    return !this.#closed && this.#pending === 0
  }

  /** Gives the descriptor back, once a request that is under way has its answer. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    if (this.#pending === 0) this.#giveBack()
  }

  #giveBack(): void {
    if (this.#closesSlowly) this.#background.close(this.fd, this.#calls)
    else giveBack(this.fd, this.#calls)
  }

  [Symbol.dispose](): void {
    this.close()
  }

  /** Whether a request may be sent from this thread right away: it waits for no other then, and needs no turn. */
  #isFree(): boolean {
    this.#checkOpen()
    return this.#pending === 0 && !this.#offThread
  }

  async #exclusive<T>(work: () => Promise<T>): Promise<T> {
    // Otherwise close() could run twice and close a reused descriptor.
    this.#checkOpen()
    this.#pending++
    const run = this.#last.then(work)
    this.#last = run.then(this.#settled, this.#settled)
    return run
  }

  /** The thread pool may use the descriptor until now; closed earlier, its number could be someone else's already. */
  readonly #settled = (): void => {
    this.#pending--
    if (this.#closed && this.#pending === 0) this.#giveBack()
  }

  #checkOpen(): void {
    if (this.#closed) throw new TypeError('Cannot use this netlink socket: it is closed')
  }

  async #run<R>(transaction: Transaction<R>): Promise<Transaction<R>> {
    return this.#offThread ? this.#runOffThread(transaction) : this.#runHere(transaction)
  }

  #runHere<R>(transaction: Transaction<R>): Transaction<R> {
    if (transaction.done) return transaction
    this.#checkOpen()
    return this.#exchange.here(transaction)
  }

  async #runOffThread<R>(transaction: Transaction<R>, isLong = false): Promise<Transaction<R>> {
    if (transaction.done) return transaction
    this.#checkOpen()
    return this.#exchange.offThread(transaction, isLong)
  }

  #acknowledged<R>(
    requests: NetlinkRequest | readonly NetlinkRequest[],
    reply: Operation<R> | undefined,
  ): Transaction<R> {
    const all = 'write' in requests ? [requests] : requests
    return new Transaction('acknowledged', all, { reply, nextSequence: this.#nextSequence })
  }

  #single<R>(requests: readonly NetlinkRequest[], reply: Operation<R>): Transaction<R> {
    return new Transaction('single', requests, { reply, nextSequence: this.#nextSequence })
  }

  readonly #nextSequence = (): number => {
    this.#sequence = (this.#sequence + 1) >>> 0 || 1
    return this.#sequence
  }
}
