/**
 * Runs plugins as a runtime does and times each process from its start to its end. Reads orders from standard input,
 * a line of JSON each, in namespaces of its own. Started with LaneOptions as its argument.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { runCall } from './calls.ts'
import { type Chain, chainOf, chains, configFor } from './cases.ts'
import { callMemory, check, collect, inARow, once, replace, status, version } from './commands.ts'
import { firstPacket } from './first-packet.ts'
import { attach, drain, parallel } from './groups.ts'
import { memoryOf } from './process-memory.ts'
import type { Answer, LaneOptions, Order, Times } from './protocol.ts'
import { environmentOf, ip, Runtime, SOCKET } from './runtime.ts'
import { storm } from './storm.ts'

const LOG = '/run/bench/daemon.log'

class Lane {
  readonly #options: LaneOptions
  readonly #daemon: ChildProcess | undefined
  readonly #runtime: Runtime
  /** How many containers stay, by list. */
  readonly #attached = new Map<string, number>()

  private constructor(options: LaneOptions, daemon: ChildProcess | undefined) {
    this.#options = options
    this.#daemon = daemon
    this.#runtime = new Runtime(options)
  }

  static async open(options: LaneOptions): Promise<Lane> {
    if (options.from !== undefined) return new Lane(options, undefined)
    mkdirSync('/run/netns', { recursive: true })
    ip('link', 'add', 'uplink', 'type', 'veth', 'peer', 'name', 'downlink')
    ip('link', 'set', 'uplink', 'up')
    ip('link', 'set', 'downlink', 'up')
    return new Lane(options, options.served === 'by a daemon' ? await startDaemon(options.directory) : undefined)
  }

  async answer(order: Order): Promise<Times> {
    if ('chain' in order) return this.#answerAbout(this.#chain(order.chain), order)
    if (order.do === 'leases') return this.#leases(order.count)
    if (this.#options.served === 'in one process') return {}
    switch (order.do) {
      case 'first packet':
        return this.#firstPacket(order)
      case 'storm':
        return this.#storm(order.count)
      case 'empty process':
        return { process: runCall({ program: '/bin/true', env: {}, input: '' }).milliseconds }
      case 'version':
        return version(this.#runtime, order.plugin)
      case 'memory':
        return this.#memory()
    }
  }

  close(): void {
    this.#daemon?.kill('SIGTERM')
  }

  async #answerAbout(chain: Chain, order: Extract<Order, { chain: string }>): Promise<Times> {
    if (this.#options.served === 'in one process') return order.do === 'once' ? this.#inProcess(chain) : {}
    switch (order.do) {
      case 'once':
        return once(this.#runtime, chain)
      case 'check':
        return check(this.#runtime, chain)
      case 'status':
        return status(this.#runtime, chain)
      case 'replace':
        return replace(this.#runtime, chain, order.container)
      case 'call memory':
        return callMemory(this.#runtime, chain)
      case 'collect':
        return collect(this.#runtime, chain, order)
      case 'in a row':
        return inARow(this.#runtime, chain, order.count)
      case 'parallel':
        return parallel(this.#runtime, chain, order)
      case 'drain':
        return drain(this.#runtime, chain, order)
      case 'attach':
        if (this.#options.from !== undefined) return attach(this.#runtime, chain, order.count)
        return this.#haveAttached(order)
      case 'data path': {
        const { dataPath } = await import('./data-path.ts')
        return dataPath(this.#runtime, chain, order.seconds)
      }
    }
  }

  #chain(name: string): Chain {
    return chainOf(name, [...this.#options.lists, ...chains])
  }

  async #inProcess(chain: Chain): Promise<Times> {
    const { timeInProcess } = await import('./floor.ts')
    const container = this.#runtime.newContainer()
    const times = await timeInProcess(chain, {
      env: (command) => ({ ...this.#runtime.environment, ...environmentOf(command, container) }),
      config: (plugin) => configFor(plugin, chain, container.number),
    })
    this.#runtime.end([container])
    return times
  }

  async #firstPacket({ to, version: ipVersion }: Extract<Order, { do: 'first packet' }>): Promise<Times> {
    const container = this.#runtime.newContainer()
    const call: Parameters<typeof firstPacket>[0]['call'] = (command, plugin, prevResult) => {
      const config = { cniVersion: '1.0.0', name: 'bench', ...plugin, prevResult }
      return runCall(this.#runtime.call(String(plugin['type']), environmentOf(command, container), config))
    }
    const milliseconds = await firstPacket({ to, version: ipVersion, netns: container.netns, call })
    this.#runtime.end([container])
    return { [`IPv${ipVersion}`]: milliseconds }
  }

  /**
   * By another process: a process that has done much has much memory, and takes the longer to start others, whose time it
   * is to tell.
   */
  #haveAttached(order: Extract<Order, { do: 'attach' }>): Times {
    const options: LaneOptions = { ...this.#options, from: this.#runtime.containers }
    const count = order.count - (this.#attached.get(order.chain) ?? 0)
    this.#runtime.skip(count)
    this.#attached.set(order.chain, order.count)
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

  /** The daemon's memory belongs to that of its plugins. */
  async #storm(count: number): Promise<Times> {
    const { program, env } = this.#runtime.call('bridge', {}, undefined)
    const times = await storm({ count, program, env })
    const daemon = this.#memory()['peak RSS, MiB'] ?? 0
    const entries = Object.entries(times)
    return Object.fromEntries(entries.map(([what, value]) => [what, what.endsWith('MiB') ? value + daemon : value]))
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

  #memory(): Times {
    if (this.#daemon?.pid === undefined) return {}
    const { pss, peak } = memoryOf(this.#daemon.pid)
    return { 'Pss, MiB': pss, 'peak RSS, MiB': peak }
  }
}

async function startDaemon(directory: string): Promise<ChildProcess> {
  mkdirSync('/run/bench', { mode: 0o700 })
  const daemon = spawn(join(directory, 'patchbay'), ['daemon'], {
    env: { ...process.env, PATCHBAY_SOCKET: SOCKET },
    stdio: ['ignore', 'ignore', openSync(LOG, 'w')],
  })
  for (let waited = 0; !existsSync(SOCKET); waited += 10) {
    if (waited > 10_000)
      throw new Error(`Cannot time the daemon: it has no socket after 10 s: ${readFileSync(LOG, 'utf8')}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  return daemon
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
