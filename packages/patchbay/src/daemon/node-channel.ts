import { createServer, type Server, type Socket } from 'node:net'
import type { Accept, Channel, ChannelServer, ListenAddress } from './channel.ts'

/** Connections that wait to be accepted: more than a storm has, and bounded by `net.core.somaxconn`. */
const BACKLOG = 4096

/** Accepts connections by `node:net`. */
export class NodeChannelServer implements ChannelServer {
  readonly #server: Server

  constructor(accept: Accept) {
    this.#server = createServer((socket) => {
      const user = accept(new NodeChannel(socket))
      socket.on('data', (piece) => user.receive(piece))
      socket.on('error', () => undefined)
      socket.on('close', () => user.onClose())
    })
  }

  listen(address: ListenAddress): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen({ ...address, backlog: BACKLOG }, () => {
        this.#server.off('error', reject)
        resolve()
      })
    })
  }

  close(): void {
    this.#server.close()
  }
}

class NodeChannel implements Channel {
  readonly #socket: Socket

  constructor(socket: Socket) {
    this.#socket = socket
  }

  /** Node has no public name for it. */
  get fd(): number {
    const { _handle } = this.#socket as unknown as { _handle?: { fd?: number } }
    return _handle?.fd ?? -1
  }

  get unsent(): number {
    return this.#socket.writableLength
  }

  write(bytes: Uint8Array): void {
    this.#socket.write(bytes)
  }

  close(): void {
    this.#socket.destroySoon()
  }

  end(): void {
    this.#socket.end()
  }

  destroy(): void {
    this.#socket.destroy()
  }
}
