import { parseJson } from '@patchbay/cni/json'
import { plugins } from '../programs.ts'
import { Admission } from './admission.ts'
import { checkPaths, checkWhereabouts, whereaboutsOf } from './caller.ts'
import { type CallerNamespace, CallerNamespaces } from './caller-namespaces.ts'
import type { Connection } from './connection.ts'
import type { ShimRequest } from './request-reader.ts'
import { serveCall } from './serve-call.ts'

export interface CallServerOptions {
  /** How many calls run at once. */
  readonly concurrency: number
  /** Whether a file is one of our own plugins. */
  readonly isOwn: (path: string) => boolean
  /** The path of the shim, which enters callers' namespaces for plugins that are not ours. */
  readonly shim: string
}

/** Takes calls from callers whose world is this process's own, and carries them out in turn. */
export class CallServer {
  readonly namespaces = new CallerNamespaces()
  /** Calls carried out, by command, and those of them that failed. */
  readonly finished: Record<string, number> = {}
  failed = 0
  /** Calls that their shims were told to do themselves. */
  refused = 0
  readonly #options: CallServerOptions
  readonly #admission: Admission
  readonly #here = whereaboutsOf('self')
  readonly #waiting = new Set<Connection>()
  #isStopping = false
  #onIdle: (() => void) | undefined

  constructor(options: CallServerOptions) {
    this.#options = options
    this.#admission = new Admission(options.concurrency)
  }

  get running(): number {
    return this.#admission.running
  }

  get waiting(): number {
    return this.#admission.waiting
  }

  /** Carries a call out, or refuses it. */
  readonly serve = (request: ShimRequest, connection: Connection): void => {
    const namespace = this.#admit(request, connection)
    if (typeof namespace === 'string') {
      this.refused++
      connection.refuse(namespace)
      return
    }
    this.#waiting.add(connection)
    connection.queue()
    const turn = {
      network: networkOf(request.stdin),
      container: request.env['CNI_CONTAINERID'] ?? '',
      signal: connection.signal,
    }
    this.#admission
      .run(turn, () => this.#carryOut(request, connection, namespace))
      // It was not carried out because its caller is gone.
      .catch(() => undefined)
      .finally(() => {
        namespace[Symbol.dispose]()
        this.#waiting.delete(connection)
        if (this.running === 0) this.#onIdle?.()
      })
  }

  /** Refuses what has not begun, and returns when what has is finished. */
  async stop(): Promise<void> {
    this.#isStopping = true
    for (const connection of this.#waiting) connection.refuse('the daemon is stopping')
    if (this.running > 0) await new Promise<void>((resolve) => (this.#onIdle = resolve))
  }

  /** The namespace of a caller that can be served; otherwise why it cannot. */
  #admit(request: ShimRequest, connection: Connection): CallerNamespace | string {
    const { peer } = connection
    if (this.#isStopping) return 'the daemon is stopping'
    if (!Object.hasOwn(plugins, request.name)) return `there is no plugin "${request.name}"`
    if (peer === undefined || peer.uid !== 0 || peer.pid === 0) return 'the caller is not root here'
    try {
      const refusal = checkWhereabouts(whereaboutsOf(peer.pid), this.#here) ?? checkPaths(request)
      return refusal?.refused ?? this.namespaces.open(peer.pid)
    } catch {
      return 'the caller cannot be looked at'
    }
  }

  async #carryOut(request: ShimRequest, connection: Connection, namespace: CallerNamespace): Promise<void> {
    this.#waiting.delete(connection)
    // From when it connected until now its process id was its own, so what was found by that is its own too.
    const plugin = await plugins[request.name]?.()
    if (plugin === undefined || this.#isStopping || !connection.isAlive()) return
    connection.begin()
    const { isOwn, shim } = this.#options
    const { status, stdout } = await serveCall(plugin, request, {
      namespace,
      isOwn,
      shim: namespace.isOwn ? undefined : shim,
      signal: connection.signal,
      stderr: (text) => connection.writeStderr(text),
    })
    connection.finish(status, stdout)
    const command = request.env['CNI_COMMAND'] ?? ''
    this.finished[command] = (this.finished[command] ?? 0) + 1
    if (status !== 0) this.failed++
  }
}

/** The network of a configuration, for the order of calls; what is wrong with it the plugin says. */
function networkOf(stdin: string): string {
  try {
    const config = parseJson(stdin)
    return typeof config === 'object' && config !== null && 'name' in config ? String(config['name']) : ''
  } catch {
    return ''
  }
}
