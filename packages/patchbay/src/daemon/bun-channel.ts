import type { Accept, Channel, ChannelServer, ChannelUser, ListenAddress } from './channel.ts'

/** What is used of a socket of Bun's. */
interface BunSocket {
  readonly fd: number
  data: { readonly channel: BunChannel; readonly user: ChannelUser }
  /** Returns how many of the bytes the kernel took; negative when the socket is closed. */
  write(bytes: Uint8Array): number
  /** Ends writing. */
  shutdown(): void
  end(): void
  terminate(): void
}

/** What is called when something has happened to a socket. */
interface BunHandlers {
  open(socket: BunSocket): void
  data(socket: BunSocket, piece: Buffer): void
  drain(socket: BunSocket): void
  close(socket: BunSocket): void
  error(socket: BunSocket, error: Error): void
}

/** What is used of the global `Bun`. */
export interface BunSockets {
  listen(options: ({ unix: string } | { fd: number }) & { socket: BunHandlers }): { stop(): void }
}

/** Accepts connections by `Bun.listen`. */
export class BunChannelServer implements ChannelServer {
  readonly #bun: BunSockets
  readonly #handlers: BunHandlers
  #listener: { stop(): void } | undefined

  constructor(bun: BunSockets, accept: Accept) {
    this.#bun = bun
    this.#handlers = {
      open(socket) {
        const channel = new BunChannel(socket)
        socket.data = { channel, user: accept(channel) }
      },
      data: (socket, piece) => socket.data.user.receive(piece),
      drain: (socket) => socket.data.channel.drain(),
      close: (socket) => socket.data.user.onClose(),
      error: () => undefined,
    }
  }

  async listen(address: ListenAddress): Promise<void> {
    const where = 'path' in address ? { unix: address.path } : address
    this.#listener = this.#bun.listen({ ...where, socket: this.#handlers })
  }

  close(): void {
    this.#listener?.stop()
  }
}

class BunChannel implements Channel {
  readonly #socket: BunSocket
  readonly #unsent: Uint8Array[] = []
  #last: 'close' | 'end' | undefined
  unsent = 0

  constructor(socket: BunSocket) {
    this.#socket = socket
  }

  get fd(): number {
    return this.#socket.fd
  }

  write(bytes: Uint8Array): void {
    const sent = this.unsent > 0 ? 0 : this.#socket.write(bytes)
    if (sent < 0 || sent === bytes.length) return
    this.#unsent.push(bytes.subarray(sent))
    this.unsent += bytes.length - sent
  }

  close(): void {
    this.#last = 'close'
    this.#endWhenSent()
  }

  end(): void {
    this.#last = 'end'
    this.#endWhenSent()
  }

  destroy(): void {
    this.#socket.terminate()
  }

  /** There is room again. */
  drain(): void {
    for (let piece = this.#unsent[0]; piece; piece = this.#unsent[0]) {
      const sent = Math.max(this.#socket.write(piece), 0)
      this.unsent -= sent
      if (sent < piece.length) {
        this.#unsent[0] = piece.subarray(sent)
        return
      }
      this.#unsent.shift()
    }
    this.#endWhenSent()
  }

  #endWhenSent(): void {
    if (this.unsent > 0) return
    if (this.#last === 'close') this.#socket.end()
    if (this.#last === 'end') this.#socket.shutdown()
  }
}
