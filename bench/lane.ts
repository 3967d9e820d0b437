/**
 * Runs plugins as a runtime does and times each process from its start to its end. Reads orders from standard input,
 * a line of JSON each, in namespaces of its own. Started with LaneOptions as its argument.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { type Call, runCall, runCalls } from './calls.ts'
import { type Chain, chainOf, withHostPort } from './cases.ts'
import { firstPacket } from './first-packet.ts'
import type { Answer, LaneOptions, Order, Times } from './protocol.ts'
import { storm } from './storm.ts'

const SOCKET = '/run/bench/patchbay.sock'
const LOG = '/run/bench/daemon.log'

class Lane {
  readonly #options: LaneOptions
  readonly #daemon: ChildProcess | undefined
  /** Namespaces without a container: they are used again, because the kernel is busy for long when one ends. */
  readonly #free: string[] = []
  #containers = 0
  #attached = 0

  private constructor(options: LaneOptions, daemon: ChildProcess | undefined) {
    this.#options = options
    this.#daemon = daemon
    this.#containers = options.from ?? 0
  }

  static async open(options: LaneOptions): Promise<Lane> {
    if (options.from !== undefined) return new Lane(options, undefined)
    mkdirSync('/run/netns', { recursive: true })
    for (const command of [
      'link add uplink type veth peer name downlink',
      'link set uplink up',
      'link set downlink up',
    ])
      run('ip', command.split(' '))
    if (options.served !== 'by a daemon') return new Lane(options, undefined)
    mkdirSync('/run/bench', { mode: 0o700 })
    const daemon = spawn(join(options.directory, 'patchbay'), ['daemon'], {
      env: { ...process.env, PATCHBAY_SOCKET: SOCKET },
      stdio: ['ignore', 'ignore', openSync(LOG, 'w')],
    })
    for (let waited = 0; !existsSync(SOCKET); waited += 10) {
      if (waited > 10_000)
        throw new Error(`Cannot time the daemon: it has no socket after 10 s: ${readFileSync(LOG, 'utf8')}`)
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    return new Lane(options, daemon)
  }

  async answer(order: Order): Promise<Times> {
    if (this.#options.served === 'in one process' && !['once', 'leases'].includes(order.do)) return {}
    switch (order.do) {
      case 'once':
        return this.#once(chainOf(order.chain))
      case 'parallel':
        return this.#parallel(chainOf(order.chain), order)
      case 'in a row':
        return this.#inARow(chainOf(order.chain), order.count)
      case 'first packet':
        return this.#firstPacket(order)
      case 'attach':
        return this.#options.from === undefined
          ? this.#haveAttached(order)
          : this.#attach(chainOf(order.chain), order.count)
      case 'leases':
        return this.#leases(order.count)
      case 'storm':
        return this.#storm(order.count)
      case 'empty process':
        return { process: runCall({ program: '/bin/true', env: {}, input: '' }).milliseconds }
      case 'version':
        return {
          VERSION: runCall(this.#call('bridge', { CNI_COMMAND: 'VERSION' }, { cniVersion: '1.1.0' })).milliseconds,
        }
      case 'memory':
        return { 'RSS, MiB': this.#memory() }
    }
  }

  close(): void {
    this.#daemon?.kill('SIGTERM')
  }

  async #once(chain: Chain): Promise<Times> {
    const attachment = this.#attachment()
    if (this.#options.served === 'in one process') {
      const { timeInProcess } = await import('./floor.ts')
      const times = await timeInProcess(chain, {
        env: (command) => ({ ...this.#environment(), ...environmentOf(command, attachment) }),
        config: configOf,
      })
      this.#free.push(attachment.netns)
      return times
    }
    let prevResult: unknown
    const times = { ADD: 0, DEL: 0 }
    for (const plugin of chain.plugins) {
      const { milliseconds, output } = runCall(this.#plugin('ADD', { plugin, attachment, prevResult }))
      times.ADD += milliseconds
      prevResult = JSON.parse(output)
    }
    for (const plugin of [...chain.plugins].reverse())
      times.DEL += runCall(this.#plugin('DEL', { plugin, attachment, prevResult })).milliseconds
    this.#free.push(attachment.netns)
    return times
  }

  /** The time of one DEL when the next follows at once, as when a node is drained. */
  async #inARow(chain: Chain, count: number): Promise<Times> {
    const attachments = Array.from({ length: count }, () => this.#attachment())
    const results = new Map<Attachment, unknown>()
    for (const attachment of attachments)
      for (const plugin of pluginsFor(attachment, chain)) {
        const call = this.#plugin('ADD', { plugin, attachment, prevResult: results.get(attachment) })
        results.set(attachment, JSON.parse(runCall(call).output))
      }
    let DEL = 0
    for (const attachment of attachments)
      for (const plugin of pluginsFor(attachment, chain).reverse())
        DEL += runCall(this.#plugin('DEL', { plugin, attachment, prevResult: results.get(attachment) })).milliseconds
    this.#free.push(...attachments.map(({ netns }) => netns))
    return { DEL: DEL / count }
  }

  async #firstPacket({ to, version }: Extract<Order, { do: 'first packet' }>): Promise<Times> {
    const attachment = this.#attachment()
    const call = (command: string, plugin: Chain['plugins'][number], prevResult?: unknown) =>
      runCall(this.#plugin(command, { plugin, attachment, prevResult }))
    const milliseconds = await firstPacket({ to, version, netns: attachment.netns, call })
    this.#free.push(attachment.netns)
    return { [`IPv${version}`]: milliseconds }
  }

  /** Whole lists side by side, as on a node where many pods start at once; the time is that of all of them. */
  async #parallel(chain: Chain, { width, count }: { width: number; count: number }): Promise<Times> {
    const attachments = Array.from({ length: count }, () => this.#attachment())
    const results = new Map<Attachment, unknown>()
    const ADD = await this.#sideBySide(attachments, width, async (attachment) => {
      for (const plugin of pluginsFor(attachment, chain)) {
        const call = this.#plugin('ADD', { plugin, attachment, prevResult: results.get(attachment) })
        results.set(attachment, JSON.parse((await runCalls(call)).output))
      }
    })
    const DEL = await this.#sideBySide(attachments, width, async (attachment) => {
      for (const plugin of pluginsFor(attachment, chain).reverse())
        await runCalls(this.#plugin('DEL', { plugin, attachment, prevResult: results.get(attachment) }))
    })
    this.#free.push(...attachments.map(({ netns }) => netns))
    return { ADD, DEL }
  }

  /**
   * By another process: a process that has done much has much memory, and takes the longer to start others, whose time it
   * is to tell.
   */
  #haveAttached(order: Extract<Order, { do: 'attach' }>): Times {
    const options: LaneOptions = { ...this.#options, from: this.#containers }
    const count = order.count - this.#attached
    this.#containers += count
    this.#attached += count
    const args = [fileURLToPath(import.meta.url), JSON.stringify(options)]
    const { stdout, stderr } = spawnSync(process.execPath, args, {
      input: `${JSON.stringify({ ...order, count })}\n`,
      encoding: 'utf8',
    })
    if (stdout === '') throw new Error(`Cannot attach ${count} containers: ${stderr}`)
    const answer: Answer = JSON.parse(stdout)
    if ('error' in answer) throw new Error(answer.error)
    return answer.times
  }

  async #attach(chain: Chain, count: number): Promise<Times> {
    const attachments = Array.from({ length: count }, () => this.#attachment())
    const attached = await this.#sideBySide(attachments, 8, async (attachment) => {
      let prevResult: unknown
      for (const plugin of pluginsFor(attachment, chain))
        prevResult = JSON.parse((await runCalls(this.#plugin('ADD', { plugin, attachment, prevResult }))).output)
    })
    return { attached }
  }

  /** The daemon's memory belongs to that of its plugins. */
  async #storm(count: number): Promise<Times> {
    const { program, env } = this.#call('bridge', {}, undefined)
    const times = await storm({ count, program, env })
    const entries = Object.entries(times)
    return Object.fromEntries(
      entries.map(([what, value]) => [what, what.endsWith('MiB') ? value + this.#memory() : value]),
    )
  }

  async #sideBySide(
    attachments: readonly Attachment[],
    width: number,
    work: (attachment: Attachment) => Promise<void>,
  ): Promise<number> {
    const left = [...attachments]
    const start = performance.now()
    const worker = async () => {
      for (let attachment = left.shift(); attachment; attachment = left.shift()) await work(attachment)
    }
    await Promise.all(Array.from({ length: width }, worker))
    return performance.now() - start
  }

  #attachment(): Attachment {
    const number = this.#containers++
    const name = `bench${number}`
    const free = this.#free.pop()
    if (free === undefined) run('ip', ['netns', 'add', name])
    return { containerId: `container${number}`, netns: free ?? `/run/netns/${name}`, number }
  }

  #plugin(command: string, { plugin, attachment, prevResult }: PluginCall): Call {
    return this.#call(String(plugin['type']), environmentOf(command, attachment), {
      ...configOf(plugin),
      ...(prevResult !== undefined && { prevResult }),
    })
  }

  #call(program: string, env: Record<string, string>, config: unknown): Call {
    const { directory } = this.#options
    return { program: join(directory, program), env: { ...this.#environment(), ...env }, input: JSON.stringify(config) }
  }

  #environment(): Record<string, string> {
    const { directory, served } = this.#options
    // A socket that is not there: a daemon of this machine must not answer for the lane without one.
    const socket = served === 'by a daemon' ? SOCKET : '/run/bench/none'
    return { PATH: process.env['PATH'] ?? '', CNI_PATH: directory, PATCHBAY_SOCKET: socket }
  }

  #leases(count: number): Times {
    const directory = '/run/bench-leases/bench'
    mkdirSync(directory, { recursive: true })
    const start = performance.now()
    for (const name of readdirSync(directory)) if (name.startsWith('10.31.')) rmSync(join(directory, name))
    // From the upper end: those that are given out come from the lower one.
    for (let index = 0; index < count; index++) {
      const address = `10.31.${255 - (index >> 8)}.${index & 255}`
      writeFileSync(join(directory, address), `other${index}\r\neth0`, { mode: 0o600 })
    }
    return { written: performance.now() - start }
  }

  #memory(): number {
    if (this.#daemon?.pid === undefined) return 0
    const status = readFileSync(`/proc/${this.#daemon.pid}/status`, 'utf8')
    return Number(/^VmHWM:\s*(\d+) kB/m.exec(status)?.[1] ?? 0) / 1024
  }
}

interface Attachment {
  readonly containerId: string
  readonly netns: string
  readonly number: number
}

interface PluginCall {
  readonly plugin: Chain['plugins'][number]
  readonly attachment: Attachment
  readonly prevResult: unknown
}

function environmentOf(command: string, { containerId, netns }: Attachment): Record<string, string> {
  return { CNI_COMMAND: command, CNI_CONTAINERID: containerId, CNI_NETNS: netns, CNI_IFNAME: 'eth0' }
}

function configOf(plugin: Chain['plugins'][number]): object {
  return { cniVersion: '1.0.0', name: 'bench', ...plugin }
}

function pluginsFor({ number }: Attachment, chain: Chain): Chain['plugins'][number][] {
  return chain.plugins.map((plugin) => withHostPort(plugin, 10_000 + number))
}

function run(program: string, args: readonly string[]): void {
  const { status, stderr } = spawnSync(program, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`Cannot run ${program} ${args.join(' ')}: ${stderr}`)
}

const lane = await Lane.open(JSON.parse(process.argv[2] ?? '{}'))
for await (const line of createInterface({ input: process.stdin })) {
  const answer: Answer = await lane.answer(JSON.parse(line)).then(
    (times) => ({ times }),
    (error: unknown) => ({ error: error instanceof Error ? error.message : String(error) }),
  )
  process.stdout.write(`${JSON.stringify(answer)}\n`)
}
lane.close()
