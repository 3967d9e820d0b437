import { createServer, type Server, type Socket } from 'node:net'
import { dirname, join } from 'node:path'
import { deleteLinksBy } from '@patchbay/linux/sys'
import { buildId } from '../build-id.ts'
import { ownFiles, shimName } from '../own-files.ts'
import { plugins } from '../programs.ts'
import { version } from '../version.ts'
import { CallServer } from './call-server.ts'
import { Connection } from './connection.ts'
import { LinkDeletions } from './link-deletions.ts'
import { type Listening, listen } from './listening-socket.ts'
import type { ShimRequest } from './request-reader.ts'
import { type DaemonStatus, statusName } from './status.ts'

export interface DaemonOptions {
  /** Where to listen when the service manager hands no socket over. */
  readonly socketPath: string
  /** The executable that this is; its shim lies beside it. */
  readonly executable: string
  readonly env: NodeJS.ProcessEnv
  /** How many calls run at once; 64 by default. */
  readonly concurrency?: number
  /** How many callers may be connected; 8192 by default. */
  readonly maxConnections?: number
  /** Bytes that requests may take up until they are answered; 64 MiB by default. */
  readonly requestMemory?: number
}

/** Serves calls of plugins on a unix socket. */
export class Daemon {
  readonly #options: Required<DaemonOptions>
  readonly #server: Server
  readonly #calls: CallServer
  readonly #deletions: LinkDeletions
  /** The callers that are connected, and the bytes that their requests take up. */
  readonly #memory = new Map<Socket, number>()
  #memoryUsed = 0
  #listening: Listening | undefined

  private constructor(options: DaemonOptions) {
    this.#options = { concurrency: 64, maxConnections: 8192, requestMemory: 64 * 2 ** 20, ...options }
    const { concurrency, executable } = this.#options
    this.#calls = new CallServer({
      concurrency,
      isOwn: ownFiles(executable),
      shim: join(dirname(executable), shimName),
    })
    this.#deletions = new LinkDeletions(() => this.#calls.namespaces.paths)
    this.#server = createServer((socket) => this.#accept(socket))
  }

  /**
   * Starts to serve.
   *
   * @throws Error when another daemon listens on the socket
   */
  static async start(options: DaemonOptions): Promise<Daemon> {
    const daemon = new Daemon(options)
    deleteLinksBy(daemon.#deletions.delete)
    // The first caller should not wait for code to be loaded.
    await Promise.all(Object.values(plugins).map((load) => load()))
    daemon.#listening = await listen(daemon.#server, options.socketPath, options.env)
    return daemon
  }

  /** Where it listens, for people. */
  get address(): string {
    return this.#listening?.path ?? ''
  }

  /**
   * Accepts no more callers, refuses those whose calls have not begun, finishes those that have and every deletion, and
   * takes the socket away.
   */
  async stop(): Promise<void> {
    this.#server.close()
    await this.#calls.stop()
    await this.#deletions.drain()
    this.#listening?.close()
  }

  get status(): DaemonStatus {
    const { running, waiting, finished, failed, refused } = this.#calls
    return {
      version,
      pid: process.pid,
      uptimeSeconds: process.uptime(),
      rssBytes: process.memoryUsage.rss(),
      connections: this.#memory.size,
      running,
      waiting,
      finished,
      failed,
      refused,
      deletions: this.#deletions.counts,
    }
  }

  #accept(socket: Socket): void {
    const isFull = this.#memory.size >= this.#options.maxConnections
    this.#memory.set(socket, 0)
    const connection = new Connection(socket, {
      build: buildId,
      charge: (bytes) => this.#charge(socket, bytes),
      onClose: () => this.#forget(socket),
      onRequest: (request) => this.#serve(request, connection),
    })
    if (isFull) connection.refuse('too many callers are connected')
  }

  #serve(request: ShimRequest, connection: Connection): void {
    if (request.name === statusName) connection.finish(0, JSON.stringify(this.status))
    else this.#calls.serve(request, connection)
  }

  #charge(socket: Socket, bytes: number): boolean {
    this.#memoryUsed += bytes - (this.#memory.get(socket) ?? 0)
    this.#memory.set(socket, bytes)
    return this.#memoryUsed <= this.#options.requestMemory
  }

  #forget(socket: Socket): void {
    this.#charge(socket, 0)
    this.#memory.delete(socket)
  }
}
