import { native, SystemError } from '../../sys/index.ts'
import { messagesOf, type RawMessage } from '../wire/index.ts'
import { NetlinkSocket, type SocketOptions } from './netlink-socket.ts'

export interface SubscriptionOptions extends SocketOptions {
  groups: readonly number[]
  /** Called for each notification. */
  onMessage: (message: RawMessage) => void
  /** Called when notifications were lost: what was known from them must be asked for anew. */
  onOverrun?: () => void
}

/** Notifications of multicast groups, read by a thread of their own until closed. Keeps the process alive meanwhile. */
export class NetlinkSubscription implements Disposable {
  readonly #socket: NetlinkSocket
  readonly #handle: object
  #closed = false

  /**
   * @param protocol `NETLINK_*`
   * @throws SystemError when the socket cannot be opened or a group not joined
   */
  constructor(protocol: number, options: SubscriptionOptions) {
    this.#socket = NetlinkSocket.open(protocol, options)
    const handle = native().subscribe(this.#socket.fd, (datagram) => this.#deliver(datagram, options))
    if (typeof handle === 'number') {
      this.#socket.close()
      throw new SystemError('subscribe', -handle)
    }
    this.#handle = handle
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    native().unsubscribe(this.#handle)
    this.#socket.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  #deliver(datagram: Uint8Array | number, options: SubscriptionOptions): void {
    if (this.#closed) return
    if (typeof datagram === 'number') options.onOverrun?.()
    else for (const message of messagesOf(datagram)) options.onMessage(message)
  }
}
