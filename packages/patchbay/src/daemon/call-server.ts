import { parseJson } from '@patchbay/cni/json'
import type { Plugin } from '@patchbay/cni/plugin'
import { Admission } from './admission.ts'
import { checkNamespaces, checkPaths, namespacesOf, pathsOf } from './caller.ts'
import { type CallerNamespace, CallerNamespaces } from './caller-namespaces.ts'
import { checkPrivileges, privilegesOf } from './caller-privileges.ts'
import type { Connection } from './connection.ts'
import { FileSystems } from './file-systems.ts'
import type { ShimRequest } from './request-reader.ts'
import { type ServingProgram, serveCall } from './serve-call.ts'
import { type CountedCommand, countedCommands } from './status.ts'

export interface CallServerOptions extends ServingProgram {
  /** How many calls run at once. */
  readonly concurrency: number
}

/** A call that is to be carried out. */
interface Call {
  readonly plugin: Plugin
  readonly request: ShimRequest
  readonly connection: Connection
  readonly container: string
  readonly namespace: CallerNamespace
  /** Where files are looked for, read and written. */
  readonly files: readonly string[]
}

/** Where plugins keep leases and the runtime its results, unless a configuration says something else. */
const usualFiles = ['/var/lib/cni/networks', '/var/lib/cni/results']

/** Takes calls from callers whose world is this process's own, and carries them out in turn. */
export class CallServer {
  readonly namespaces = new CallerNamespaces()
  /** Calls carried out, by command, and those of them that failed. */
  readonly finished: Partial<Record<CountedCommand, number>> = {}
  failed = 0
  /** Calls that their shims were told to do themselves. */
  refused = 0
  readonly #options: CallServerOptions
  readonly #admission: Admission
  readonly #here = namespacesOf(process.pid)
  readonly #privileges = privilegesOf(process.pid)
  readonly #fileSystems = new FileSystems()
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

  /** Finds out what the first calls would have to wait for. */
  async prepare(): Promise<void> {
    await this.#fileSystems.learn(usualFiles)
  }

  /** Carries a call out, or refuses it. */
  serve(request: ShimRequest, connection: Connection): void {
    const call = this.#admit(request, connection)
    if (typeof call === 'string') this.#refuse(connection, call)
    else if (!this.#fileSystems.isKnown(call.files)) void this.#carryOutInTurn(call)
    else if (this.#isRefused(call)) return
    else if (this.#admission.enter(call.container)) void this.#carryOut(call)
    else void this.#carryOutInTurn(call)
  }

  #refuse(connection: Connection, why: string): void {
    this.refused++
    connection.refuse(why)
  }

  /** Whether a call has been refused because of where its files are. */
  #isRefused({ connection, namespace, files }: Call): boolean {
    const why = this.#fileSystems.refusal(files)
    if (why === undefined) return false
    namespace[Symbol.dispose]()
    this.#refuse(connection, why)
    return true
  }

  /** Refuses what has not begun, and returns when what has is finished. */
  async stop(): Promise<void> {
    this.#isStopping = true
    for (const connection of this.#waiting) connection.refuse('the daemon is stopping')
    if (this.running > 0) await new Promise<void>((resolve) => (this.#onIdle = resolve))
  }

  /** The call of a caller that can be served; otherwise why it cannot. */
  #admit(request: ShimRequest, connection: Connection): Call | string {
    const { peer } = connection
    const plugin = this.#options.plugins.get(request.name)
    if (this.#isStopping) return 'the daemon is stopping'
    if (plugin === undefined) return `there is no plugin "${request.name}"`
    if (peer === undefined || peer.uid !== 0 || peer.pid === 0) return 'the caller is not root here'
    try {
      const there = namespacesOf(peer.pid)
      const paths = pathsOf(request)
      const refusal = checkNamespaces(there, this.#here) ?? this.#checkPrivileges(peer.pid) ?? checkPaths(paths)
      if (refusal !== undefined) return refusal
      const namespace = this.namespaces.open(peer.pid, there.net)
      // All that was found under its process id is its own only if that has not become another's meanwhile.
      const call = { plugin, request, connection, namespace, files: [...usualFiles, ...paths.files] }
      if (connection.isFromPeer()) return { ...call, container: request.env['CNI_CONTAINERID'] ?? '' }
      namespace[Symbol.dispose]()
      return 'the caller is gone'
    } catch {
      return 'the caller cannot be looked at'
    }
  }

  #checkPrivileges(pid: number): string | undefined {
    // Where this process has no label, none has one.
    return checkPrivileges(privilegesOf(pid, { withLabel: this.#privileges.label !== '' }), this.#privileges)
  }

  async #carryOutInTurn(call: Call): Promise<void> {
    const { request, connection, container, namespace, files } = call
    this.#waiting.add(connection)
    connection.queue()
    try {
      await this.#fileSystems.learn(files)
      if (this.#isRefused(call)) return
      await this.#admission.wait({ network: networkOf(request.stdin), container, signal: connection.signal })
    } catch {
      // Its caller is gone.
      namespace[Symbol.dispose]()
      return
    } finally {
      this.#waiting.delete(connection)
    }
    await this.#carryOut(call)
  }

  /** Carries out what has been let in. */
  async #carryOut(call: Call): Promise<void> {
    const { plugin, request, connection, container, namespace } = call
    try {
      if (this.#isStopping || !connection.isAlive()) return
      connection.begin()
      const stderr = (text: string) => connection.writeStderr(text)
      const { signal } = connection
      const { status, stdout } = await serveCall(plugin, request, { ...this.#options, namespace, signal, stderr })
      connection.finish(status, stdout)
      this.#count(request.env['CNI_COMMAND'] ?? '', status)
    } finally {
      this.#admission.leave(container)
      namespace[Symbol.dispose]()
      if (this.running === 0) this.#onIdle?.()
    }
  }

  #count(name: string, status: number): void {
    const command = countedCommands.find((each) => each === name) ?? 'other'
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
