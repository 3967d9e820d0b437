import { dirname, join } from 'node:path'
import { Shared } from '@patchbay/cni/plugin'
import { NetContext, netContext } from '@patchbay/plugins/net-context'
import { ownFiles, shimName } from '../executor/own-files.ts'
import { LoadedPlugins } from '../executor/programs.ts'
import { version } from '../executor/version.ts'
import { buildId } from './build-id.ts'
import { CallServer } from './call-server.ts'
import type { Channel, ChannelServer } from './channel.ts'
import { channelServer } from './channel-server.ts'
import { Connection, type ConnectionHost } from './connection.ts'
import { type Capacity, capacityWith, shortage, spareDescriptors } from './descriptors.ts'
import { formatOrigin } from './frames.ts'
import { LinkDeletions } from './link-deletions.ts'
import { type Listening, listen } from './listening-socket.ts'
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

const tooMany = 'too many callers are connected'

/** Serves calls of plugins on a unix socket. */
export class Daemon {
  /** For people: that it serves less than wanted, because it may not open enough files. */
  readonly shortage: string | undefined
  readonly #options: Required<DaemonOptions>
  readonly #capacity: Capacity
  readonly #calls: CallServer
  readonly #deletions: LinkDeletions
  readonly #plugins = new LoadedPlugins()
  readonly #shared = new Shared()
  /** What callers' requests take up. */
  #memoryUsed = 0
  #connections = 0
  #server: ChannelServer | undefined
  #listening: Listening | undefined

  private constructor(options: DaemonOptions) {
    this.#options = { concurrency: 64, maxConnections: 8192, requestMemory: 64 * 2 ** 20, ...options }
    const { concurrency, maxConnections: connections, executable } = this.#options
    this.#capacity = capacityWith(spareDescriptors(), { concurrency, connections })
    this.shortage = shortage(this.#capacity, { concurrency, connections })
    this.#calls = new CallServer({
      concurrency: this.#capacity.concurrency,
      isOwn: ownFiles(executable),
      shim: join(dirname(executable), shimName),
      plugins: this.#plugins,
      shared: this.#shared,
    })
    this.#deletions = new LinkDeletions(() => this.#calls.namespaces.all, {
      calls: () => this.#calls.running + this.#calls.waiting,
    })
    netContext.put(this.#shared, new NetContext({ deleter: this.#deletions }))
  }

  /**
   * Starts to serve.
   *
   * @throws Error when another daemon listens on the socket
   */
  static async start(options: DaemonOptions): Promise<Daemon> {
    const daemon = new Daemon(options)
    // The first caller should not wait for code to be loaded.
    await Promise.all([daemon.#plugins.loadAll(), daemon.#calls.prepare()])
    daemon.#server = await channelServer((channel) => daemon.#accept(channel))
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
    this.#server?.close()
    await this.#calls.stop()
    await this.#deletions.drain()
    this.#shared[Symbol.dispose]()
    this.#listening?.close()
  }

  get status(): DaemonStatus {
    const { running, waiting, finished, failed, refused } = this.#calls
    return {
      version,
      pid: process.pid,
      uptimeSeconds: process.uptime(),
      rssBytes: process.memoryUsage.rss(),
      connections: this.#connections,
      running,
      waiting,
      finished,
      failed,
      refused,
      deletions: this.#deletions.counts,
    }
  }

  #accept(channel: Channel): Connection {
    const { connections, forStatus } = this.#capacity
    const before = this.#connections++
    const connection = new Connection(channel, before < connections ? this.#host : this.#fullHost)
    // It takes a descriptor until it is closed, and those left are for calls.
    if (before >= connections + forStatus) {
      this.#calls.refused++
      connection.refuseAtOnce(tooMany)
    }
    return connection
  }

  /** What connections know of the daemon. */
  readonly #host: ConnectionHost = {
    origin: formatOrigin(buildId),
    charge: (bytes) => {
      this.#memoryUsed += bytes
      return this.#memoryUsed <= this.#options.requestMemory
    },
    serve: (request, connection) => {
      if (request.name === statusName) connection.finish(0, JSON.stringify(this.status))
      else this.#calls.serve(request, connection)
    },
    onClose: () => {
      this.#connections--
    },
  }

  /** The same for those beyond the limit. */
  readonly #fullHost: ConnectionHost = {
    ...this.#host,
    serve: (request, connection) => {
      if (request.name === statusName) return this.#host.serve(request, connection)
      this.#calls.refused++
      connection.refuse(tooMany)
    },
  }
}
