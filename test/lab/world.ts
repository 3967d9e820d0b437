import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { slowness } from './slowness.ts'

/** What a process printed, and how it ended. */
export interface Outcome {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface WorldOptions {
  /** Names of the containers' network namespaces. */
  containers: readonly string[]
  /** Whether new interfaces of containers look for duplicates of their IPv6 addresses, which takes a second or two. */
  containerDad: boolean
}

/**
 * A machine to try plugins on: a network and mounts of its own, empty /run and /var/lib, and containers' namespaces in
 * /run/netns. A process that waits for the end of its input holds it, so that it ends with this one at the latest.
 */
export class World implements Disposable {
  readonly #holder: ChildProcess

  private constructor(holder: ChildProcess) {
    this.#holder = holder
  }

  static async open(options: WorldOptions): Promise<World> {
    const script = `${setUp(options)}\necho ready\nexec cat`
    const holder = spawn('unshare', ['--net', '--mount', '--', 'sh', '-ec', script], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    const world = new World(holder)
    for await (const chunk of holder.stdout) if (String(chunk).includes('ready')) return world
    throw new Error('Cannot set a world up: its shell ended')
  }

  /**
   * What runs a program on that machine: a command and its arguments, before the program's own. The root directory is this
   * process's: entering mounts alone would leave a chroot.
   */
  get wrapper(): readonly string[] {
    const holder = `/proc/${this.#holder.pid}`
    const [net, mount] = [`--net=${holder}/ns/net`, `--mount=${holder}/ns/mnt`]
    return ['nsenter', net, mount, `--root=${holder}/root`, `--wd=${holder}/root`, '--']
  }

  /** Runs a program on that machine. */
  run(command: readonly string[], options: { input?: string; env?: NodeJS.ProcessEnv } = {}): Outcome {
    const { input = '', env = process.env } = options
    const [program = '', ...args] = [...this.wrapper, ...command]
    const result = spawnSync(program, args, {
      input,
      env,
      encoding: 'utf8',
      maxBuffer: 64 * 2 ** 20,
      timeout: 60_000 * slowness,
      killSignal: 'SIGKILL',
    })
    // A program need not read its input: one that has ended first says by its status how it went.
    if (result.error && !(isBrokenPipe(result.error) && result.status !== null)) throw result.error
    return result
  }

  /**
   * Runs a shell script on that machine and returns what it printed.
   *
   * @throws Error with what it wrote to standard error, when a command in it fails
   */
  shell(script: string): string {
    const { status, stdout, stderr } = this.run(['sh', '-ec', script])
    if (status !== 0) throw new Error(`Cannot run "${script}": status ${status}: ${stderr}`)
    return stdout
  }

  /** The path by which this process finds a file of that machine. */
  path(file: string): string {
    return `/proc/${this.#holder.pid}/root${file}`
  }

  [Symbol.dispose](): void {
    this.#holder.kill('SIGKILL')
  }
}

/** The host's own links have no duplicates, and nobody waits for them. */
function setUp({ containers, containerDad }: WorldOptions): string {
  const withoutDad = 'echo 0 >/proc/sys/net/ipv6/conf/default/accept_dad'
  return [
    'mount -t tmpfs none /run',
    'mount -t tmpfs none /var/lib',
    withoutDad,
    'ip link set lo up',
    ...containers.map((name) => `ip netns add ${name}`),
    ...(containerDad ? [] : containers.map((name) => `nsenter --net=/run/netns/${name} sh -c '${withoutDad}'`)),
  ].join('\n')
}

function isBrokenPipe(error: Error): boolean {
  return 'code' in error && error.code === 'EPIPE'
}
