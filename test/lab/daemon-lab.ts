import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { slowness } from './slowness.ts'
import type { JsonObject } from './witness.ts'
import { type Outcome, World } from './world.ts'

/** What the build makes. */
export const executables = fileURLToPath(new URL('../../../dist/cni/bin', import.meta.url))

export const socketPath = '/run/patchbay/patchbay.sock'

export interface CallOptions {
  plugin?: string
  container?: string
  containerId?: string
  ifName?: string
  /** A program that runs the plugin, with its arguments. */
  wrapper?: readonly string[]
  /** Further variables; `undefined` takes one away. */
  env?: NodeJS.ProcessEnv
}

/** The parts of `patchbay status --json` that tests look at. */
export interface Status {
  pid: number
  rssBytes: number
  connections: number
  running: number
  waiting: number
  failed: number
  refused: number
  finished: Record<string, number>
  deletions: { pending: number; finished: number; batches: number }
}

/** A machine of its own with a daemon, whose plugins are called as runtimes do. */
export class DaemonLab implements Disposable {
  readonly world: World
  #pid = 0

  private constructor(world: World) {
    this.world = world
  }

  static async open(containers: readonly string[] = ['c1']): Promise<DaemonLab> {
    const lab = new DaemonLab(await World.open({ containers, containerDad: false }))
    try {
      lab.world.shell('mkdir /run/own')
      await lab.start()
      return lab
    } catch (error) {
      // Its holder would keep this process from ending.
      lab[Symbol.dispose]()
      throw error
    }
  }

  /** Starts a daemon, after a shell's command; its exit status comes to be in /run/exit. */
  async start(args = '', before = ':'): Promise<void> {
    const run = `${before}; ${executables}/patchbayd ${args}`
    this.world.shell(`(set +e; ${run} </dev/null >/run/log 2>&1; echo $? >/run/exit) </dev/null >/dev/null 2>&1 &`)
    await eventually('the daemon', () => this.world.run(['test', '-S', socketPath]).status === 0)
    await eventually('the status', () => this.#ask().status === 0)
    this.#pid = this.status().pid
  }

  get pid(): number {
    return this.#pid
  }

  #ask(): Outcome {
    return this.world.run([`${executables}/patchbay`, 'status', '--json'])
  }

  status(): Status {
    const { status, stdout, stderr } = this.#ask()
    assert.equal(status, 0, stderr)
    return JSON.parse(stdout)
  }

  /** Sends the daemon a signal and returns its exit status. */
  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<string> {
    process.kill(this.#pid, signal)
    this.#pid = 0
    return this.exitStatus()
  }

  async exitStatus(): Promise<string> {
    await eventually('the end of the daemon', () => this.world.run(['test', '-s', '/run/exit']).status === 0)
    return this.world.shell('cat /run/exit; rm /run/exit').trim()
  }

  /** The variables of a call. */
  variables(command: string, options: CallOptions = {}): NodeJS.ProcessEnv {
    const { container = 'c1', containerId = container, ifName = 'eth0', env = {} } = options
    return {
      PATH: process.env['PATH'],
      CNI_COMMAND: command,
      CNI_CONTAINERID: containerId,
      CNI_NETNS: `/run/netns/${container}`,
      CNI_IFNAME: ifName,
      CNI_PATH: `/run/own:${executables}`,
      ...env,
    }
  }

  call(command: string, config: JsonObject | string, options: CallOptions = {}): Outcome {
    const { plugin = 'bridge', wrapper = [] } = options
    const input = typeof config === 'string' ? config : JSON.stringify(config)
    const env = this.variables(command, options)
    const { status, stdout, stderr } = this.world.run([...wrapper, `${executables}/${plugin}`], { input, env })
    return { status, stdout, stderr }
  }

  /** What runs a program on that machine: a command and its arguments, before the program's own. */
  get wrapper(): [command: string, ...args: string[]] {
    const [command = '', ...args] = this.world.wrapper
    return [command, ...args]
  }

  /** Puts a plugin of the test's own into `CNI_PATH`: a shell script. */
  install(name: string, script: string): void {
    this.world.run(['sh', '-c', `cat >/run/own/${name}; chmod 755 /run/own/${name}`], {
      input: `#!/bin/sh\n${script}\n`,
    })
  }

  /** Runs a script with `call`, which starts a plugin: `call COMMAND CONTAINERID IFNAME`, its output in /run/out.ID. */
  script(text: string, config: JsonObject = bridgeConfig()): string {
    const exports = Object.entries(this.variables('')).map(([name, value]) => `export ${name}='${value}'`)
    const call = `call() {
      CNI_COMMAND=$1 CNI_CONTAINERID=$2 CNI_IFNAME=$3 ${executables}/bridge </run/config >/run/out.$2 2>&1
    }`
    this.world.run(['sh', '-c', 'cat >/run/config'], { input: JSON.stringify(config) })
    return this.world.shell([...exports, call, text].join('\n'))
  }

  [Symbol.dispose](): void {
    try {
      if (this.#pid !== 0) process.kill(this.#pid, 'SIGKILL')
    } catch {
      // It has ended.
    }
    this.world[Symbol.dispose]()
  }
}

/** A network of a bridge with leases. */
export function bridgeConfig(more: JsonObject = {}): JsonObject {
  return {
    cniVersion: '1.1.0',
    name: 'n1',
    type: 'bridge',
    bridge: 'br0',
    isGateway: true,
    ipam: { type: 'host-local', subnet: '10.7.0.0/16' },
    ...more,
  }
}

/** Waits until a condition holds, 20 seconds at most, or longer on a slow machine. */
export async function eventually(what: string, condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 20_000 * slowness
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`${what} did not come within ${20 * slowness} s`)
    await delay(5)
  }
}
