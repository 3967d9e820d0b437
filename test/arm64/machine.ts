import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { type ArchiveEntry, archive, entriesBelow } from '#tools/kernels/archive'
import { findKernel, type KernelFiles, modulesNamed } from '#tools/kernels/kernel-files'
import { arm64Kernel } from '#tools/kernels/kernels'
import { machineCommand } from '#tools/kernels/machine'
import { makeRunFolder } from '#tools/kernels/run-folder'
import { workspaceRoot } from '#tools/repository'
import type { JsonObject } from '../lab/witness.ts'

const MEMORY_MIB = 1024
/** Seconds after which the machine is switched off: far more than tests take. */
const LIMIT_S = 1200
/** Where the machine has the executables. */
export const PLUGINS = '/opt/cni/bin'
/** Of packages: what a program needs to run. */
const programFolders = ['bin', 'sbin', 'lib', 'usr/bin', 'usr/sbin', 'usr/lib/aarch64-linux-gnu']
/** Tables of characters, and languages that no program here speaks. */
const unused = /\/(?:gconv|perl[^/]*|systemd)$/
const modules = [
  ...['net/bridge', 'net/netfilter', 'net/ipv4/netfilter', 'net/ipv6/netfilter'],
  ...['drivers/net/veth', 'drivers/net/macvlan'],
  // libcrc32c, which nf_tables needs, asks for it by its function.
  'crypto/crc32c_generic',
]

export interface MachineOptions {
  /** Whether it has the daemon and the tools, too: 110 MB. */
  readonly withTools?: boolean
  /** Further files. */
  readonly files?: readonly ArchiveEntry[]
}

/** How a script ended. */
export interface Ended {
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

export interface Call {
  readonly container?: string
  readonly ifName?: string
  readonly prevResult?: JsonObject | undefined
}

/**
 * A machine with a processor of the kind arm64, which is played by a program. It runs Debian's kernel and has, in memory, the
 * executables for it and programs to ask the kernel by. It has no network but its own.
 */
export class Arm64Machine implements AsyncDisposable {
  readonly #folder: string
  readonly #process: ChildProcessByStdio<Writable, Readable, null>
  readonly #lines: AsyncIterator<string>
  readonly #reader: Interface
  readonly #said: string[] = []

  private constructor(kernel: KernelFiles, options: MachineOptions) {
    this.#folder = makeRunFolder(workspaceRoot())
    const initial = join(this.#folder, 'initrd')
    writeFileSync(initial, initialFiles(kernel, options))
    const command = machineCommand({ kernel, processors: 2 }, initial, MEMORY_MIB)
    const limit = ['--kill-after=5', String(LIMIT_S)]
    // What QEMU has to say explains an end as well as what the kernel says.
    const shell = ['-c', 'exec "$@" 2>&1', 'sh', 'timeout', ...limit, ...command]
    this.#process = spawn('sh', shell, { stdio: ['pipe', 'pipe', 'inherit'] })
    this.#reader = createInterface({ input: this.#process.stdout })
    this.#lines = this.#reader[Symbol.asyncIterator]()
  }

  /**
   * Starts it.
   *
   * @throws Error when the kernel has not been downloaded, or does not start
   */
  static async start(options: MachineOptions = {}): Promise<Arm64Machine> {
    const kernel = findKernel(workspaceRoot(), arm64Kernel)
    if (kernel === undefined) throw new Error('Cannot start a machine: npm test downloads its kernel to dist/kernels')
    const machine = new Arm64Machine(kernel, options)
    await machine.#lineThat((line) => line === 'ready')
    return machine
  }

  /** Runs a shell script as root, until a command fails. */
  async run(script: string): Promise<Ended> {
    this.#process.stdin.write(`${Buffer.from(script).toString('base64')}\n`)
    const line = await this.#lineThat((text) => /^ended \d+ =\S* =\S*$/.test(text))
    const [, status, stdout = '', stderr = ''] = line.split(' ')
    const text = (field: string): string => Buffer.from(field.slice(1), 'base64').toString()
    return { status: Number(status), stdout: text(stdout), stderr: text(stderr) }
  }

  /**
   * Runs a shell script that must succeed, and gives what it printed.
   *
   * @throws Error with what it wrote to standard error, when it fails
   */
  async shell(script: string): Promise<string> {
    const { status, stdout, stderr } = await this.run(script)
    if (status !== 0) throw new Error(`Cannot run "${script}": status ${status}: ${stderr}${stdout}`)
    return stdout
  }

  /** As {@link shell}, in a container's namespace. */
  inContainer(container: string, script: string): Promise<string> {
    return this.shell(`ip netns exec ${container} dash -e <<'IN_CONTAINER'\n${script}\nIN_CONTAINER`)
  }

  /** What a program prints as JSON. */
  async json(script: string): Promise<JsonObject[]> {
    return JSON.parse(await this.shell(script))
  }

  /** As {@link json}, when that must be one object. */
  async jsonOne(script: string): Promise<JsonObject> {
    const [row, ...more] = await this.json(script)
    if (row === undefined || more.length > 0) throw new Error(`Cannot read "${script}": it printed not one object`)
    return row
  }

  /** Calls a plugin. */
  call(command: string, config: JsonObject, { container = 'c1', ifName = 'eth0', prevResult }: Call = {}) {
    const input = JSON.stringify(prevResult ? { ...config, prevResult } : config)
    const variables = [
      ...[`CNI_COMMAND=${command}`, `CNI_CONTAINERID=${container}`, `CNI_NETNS=/run/netns/${container}`],
      ...[`CNI_IFNAME=${ifName}`, `CNI_PATH=${PLUGINS}`],
    ]
    return this.run(`env ${variables.join(' ')} ${PLUGINS}/${config['type']} <<'INPUT'\n${input}\nINPUT`)
  }

  /** Calls a plugin that must succeed, and gives its result. */
  async succeed(command: string, config: JsonObject, call: Call = {}): Promise<JsonObject> {
    const { status, stdout, stderr } = await this.call(command, config, call)
    if (status !== 0) throw new Error(`Cannot ${command} by ${config['type']}: status ${status}: ${stdout}${stderr}`)
    return stdout === '' ? {} : JSON.parse(stdout)
  }

  async #lineThat(isWanted: (line: string) => boolean): Promise<string> {
    for (;;) {
      const { done, value } = await this.#lines.next()
      if (done) throw new Error(`Cannot go on: the machine has ended; it last said:\n${this.#said.join('\n')}`)
      const line = value.replaceAll('\r', '')
      if (isWanted(line)) return line
      this.#said.push(line)
      if (this.#said.length > 40) this.#said.shift()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#process, 'exit')
    this.#reader.close()
    if (this.#process.exitCode === null && this.#process.kill('SIGTERM')) await ended
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

function initialFiles(kernel: KernelFiles, { withTools = false, files = [] }: MachineOptions): Buffer {
  const at = (folder: string): ArchiveEntry[] => parentsOf(`${folder}/x`)
  const root = workspaceRoot()
  const executables = entriesBelow(join(root, 'dist', 'cni-arm64', 'bin'), PLUGINS.slice(1), {
    skip: withTools ? /^$/ : /\/patchbay$/,
  })
  const programs = programFolders.flatMap((folder) => [
    ...at(folder),
    ...entriesBelow(join(kernel.programs, folder), folder, { skip: unused }),
  ])
  const moduleFolder = `lib/modules/${kernel.release}`
  const drivers = [...modulesNamed(kernel, modules)].map(([file, content]) => ({
    path: `${moduleFolder}/${file}`,
    content,
  }))
  const init = { path: 'init', content: readFileSync(join(root, 'test/arm64/init')) }
  const more = [...drivers, ...files].flatMap((file) => [...parentsOf(file.path), file])
  return archive([init, ...at(PLUGINS.slice(1)), ...executables, ...programs, ...more])
}

/** The folders that a file is in, the outermost first. */
function parentsOf(path: string): ArchiveEntry[] {
  const names = path.split('/').slice(0, -1)
  return names.map((_, index) => ({ path: names.slice(0, index + 1).join('/') }))
}
