import { checked, errno, native, SystemError } from '../../sys/index.ts'
import { MessageList, type RawMessage } from '../wire/index.ts'
import { NetlinkSocket } from './netlink-socket.ts'
import type { SocketOptions } from './socket-options.ts'

/** What is told of notifications. An error that one of these functions throws goes to `onError`. */
export interface SubscriptionListener {
  /** Called for each notification. */
  onMessage: (message: RawMessage) => void
  /** Called when notifications were lost: what was known from them must be asked for again. */
  onOverrun?: (() => void) | undefined
  /**
   * Called with each error: what a listener has thrown, a {@link DecodeError} of a notification that is not what a kernel
   * sends, a {@link SystemError} when no more can be received. Only after the last one notifications stop. Without this
   * function errors are thrown as uncaught exceptions, and so is what it throws itself.
   */
  onError?: ((error: unknown) => void) | undefined
}

export interface SubscriptionOptions extends SocketOptions, SubscriptionListener {
  groups: readonly number[]
}

/** Notifications of multicast groups, read by a thread of their own until closed. Keeps the process alive meanwhile. */
export class NetlinkSubscription implements Disposable {
  readonly #socket: NetlinkSocket
  readonly #handle: object
  #closed = false

  /**
   * @param protocol `NETLINK_*`
   * @throws SystemError when the socket cannot be opened, or cannot join a group
   */
  constructor(protocol: number, options: SubscriptionOptions) {
    this.#socket = NetlinkSocket.open(protocol, options)
    const deliver = (datagram: Uint8Array | number) => deliverDatagram(datagram, options, () => this.#closed)
    const handle = native().subscribe(this.#socket.fd, deliver)
    if (typeof handle === 'number') {
      this.#socket.close()
      throw new SystemError('subscribe', -handle)
    }
    this.#handle = handle
  }

  /** Ends it: no listener is called from here on, not even for the rest of a datagram that is being delivered. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    native().unsubscribe(this.#handle)
    this.#socket.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }
}

/**
 * Calls the listener for what has been received: a datagram, or the negated number of an error. Never throws: the caller is
 * native code, which loses errors.
 */
export function deliverDatagram(
  received: Uint8Array | number,
  listener: SubscriptionListener,
  isClosed: () => boolean,
): void {
  const call = (work: () => void) => {
    if (!isClosed()) reportErrors(work, listener.onError)
  }
  if (received === -errno.ENOBUFS) call(() => listener.onOverrun?.())
  else if (typeof received === 'number') call(() => void checked('recv', received))
  else if (!callForEach(new MessageList(received), listener, call)) call(() => listener.onOverrun?.())
}

/** @returns false when the rest cannot be read: where one message ends too far off, nobody knows where the next begins */
function callForEach(
  messages: MessageList,
  { onMessage }: SubscriptionListener,
  call: (work: () => void) => void,
): boolean {
  let isRead = false
  call(() => {
    while (messages.next()) {
      const { type, flags, sequence, portId, body } = messages
      call(() => onMessage({ type, flags, sequence, portId, body }))
    }
    isRead = true
  })
  return isRead
}

function reportErrors(work: () => void, onError: (error: unknown) => void = throwUncaught): void {
  try {
    work()
  } catch (error) {
    try {
      onError(error)
    } catch (another) {
      throwUncaught(another)
    }
  }
}

/** Where no caller is left to catch it. */
function throwUncaught(error: unknown): void {
  queueMicrotask(() => {
    throw error
  })
}
