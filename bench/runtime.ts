import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { type Call, type Called, runCall, runCalls } from './calls.ts'
import { type Chain, configFor } from './cases.ts'
import type { LaneOptions } from './protocol.ts'

/** Where the daemon of a lane listens. */
export const SOCKET = '/run/bench/patchbay.sock'

/** A container: its name, and its network namespace. */
export interface Container {
  readonly id: string
  readonly netns: string
  readonly number: number
}

type Plugin = Chain['plugins'][number]
/** Runs one plugin, with nothing beside it. */
type Run = (call: Call) => Pick<Called, 'milliseconds' | 'output'>

/** Has containers, and calls plugins for them as a runtime does. */
export class Runtime {
  readonly #options: LaneOptions
  /** Namespaces without a container: they are used again, because the kernel is busy for long when one ends. */
  readonly #free: string[] = []
  #containers: number

  constructor(options: LaneOptions) {
    this.#options = options
    this.#containers = options.from ?? 0
  }

  /** How many containers there have been. */
  get containers(): number {
    return this.#containers
  }

  /** Leaves so many numbers to another process. */
  skip(count: number): void {
    this.#containers += count
  }

  newContainers(count: number): Container[] {
    return Array.from({ length: count }, () => this.newContainer())
  }

  newContainer(): Container {
    const number = this.#containers++
    const name = `bench${number}`
    const free = this.#free.pop()
    if (free === undefined) ip('netns', 'add', name)
    return { id: `container${number}`, netns: free ?? `/run/netns/${name}`, number }
  }

  /** Their namespaces may be used again. */
  end(containers: readonly Container[]): void {
    this.#free.push(...containers.map(({ netns }) => netns))
  }

  /** Calls all plugins of a list with ADD; returns the time of all calls, and the result. */
  attach(container: Container, chain: Chain, run: Run = runCall): { milliseconds: number; result: unknown } {
    let milliseconds = 0
    let result: unknown
    for (const plugin of chain.plugins) {
      const called = run(this.#request('ADD', { plugin, chain, container, result }))
      milliseconds += called.milliseconds
      result = JSON.parse(called.output || 'null') ?? undefined
    }
    return { milliseconds, result }
  }

  detach(container: Container, chain: Chain, result: unknown, run: Run = runCall): number {
    let milliseconds = 0
    for (const plugin of [...chain.plugins].reverse())
      milliseconds += run(this.#request('DEL', { plugin, chain, container, result })).milliseconds
    return milliseconds
  }

  check(container: Container, chain: Chain, result: unknown): number {
    let milliseconds = 0
    for (const plugin of chain.plugins)
      milliseconds += runCall(this.#request('CHECK', { plugin, chain, container, result })).milliseconds
    return milliseconds
  }

  /** Calls all plugins of a list with a command that is about no container. */
  askAll(command: 'STATUS' | 'GC', chain: Chain, keys: Readonly<Record<string, unknown>> = {}): number {
    let milliseconds = 0
    for (const plugin of chain.plugins) {
      const config = { ...configFor(plugin, chain, 0), runtimeConfig: undefined, ...keys }
      milliseconds += runCall(this.call(String(plugin['type']), { CNI_COMMAND: command }, config)).milliseconds
    }
    return milliseconds
  }

  /** As {@link attach}, beside other calls; returns the result. */
  async attachBeside(container: Container, chain: Chain): Promise<unknown> {
    let result: unknown
    for (const plugin of chain.plugins) {
      const { output } = await runCalls(this.#request('ADD', { plugin, chain, container, result }))
      result = JSON.parse(output || 'null') ?? undefined
    }
    return result
  }

  async detachBeside(container: Container, chain: Chain, result: unknown): Promise<void> {
    for (const plugin of [...chain.plugins].reverse())
      await runCalls(this.#request('DEL', { plugin, chain, container, result }))
  }

  call(program: string, env: Readonly<Record<string, string>>, config: unknown): Call {
    const { directory } = this.#options
    return { program: join(directory, program), env: { ...this.environment, ...env }, input: JSON.stringify(config) }
  }

  get environment(): Record<string, string> {
    const { directory, served } = this.#options
    // A socket that is not there: a daemon of this machine must not answer for the lane without one.
    const socket = served === 'by a daemon' ? SOCKET : '/run/bench/none'
    return { PATH: process.env['PATH'] ?? '', CNI_PATH: directory, PATCHBAY_SOCKET: socket }
  }

  #request(
    command: string,
    { plugin, chain, container, result }: { plugin: Plugin; chain: Chain; container: Container; result: unknown },
  ): Call {
    return this.call(String(plugin['type']), environmentOf(command, container), {
      ...configFor(plugin, chain, container.number),
      ...(result !== undefined && { prevResult: result }),
    })
  }
}

/** Variables of a call that is about a container. */
export function environmentOf(command: string, { id, netns }: Container): Record<string, string> {
  return { CNI_COMMAND: command, CNI_CONTAINERID: id, CNI_NETNS: netns, CNI_IFNAME: 'eth0' }
}

/** Runs ip(8). Throws Error with what it printed, when it fails. */
export function ip(...args: readonly string[]): void {
  const { status, stderr, error } = spawnSync('ip', args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`Cannot run ip ${args.join(' ')}: ${error?.message ?? stderr.trim()}`)
}
