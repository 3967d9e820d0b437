import { Buffer } from './buffer.ts'
import { Emitter } from './emitter.ts'
import { closeSync } from './fs.ts'
import { errnoError, system } from './host.ts'
import { catchSignal, clearTimeout, hold, setTimeout, type Timeout } from './loop.ts'
import { openPipe, ReadablePipe, WritablePipe } from './pipe.ts'
import { process } from './process.ts'
import { signalName, signalNumbers } from './signals.ts'

/** `node:child_process`: `spawn` and `execFile`, as far as plugins use them. */

interface SpawnOptions {
  env?: Readonly<Record<string, string | undefined>>
  /** `pipe`, or a descriptor that becomes the child's; three pipes by default. */
  stdio?: readonly ('pipe' | number)[]
  /** In a session of its own. */
  detached?: boolean
}

/** `<linux/wait.h>` */
const WNOHANG = 1

/** Emits `error` when it could not be started, `exit` when it has ended, and `close` once its output has, too. */
export class ChildProcess extends Emitter {
  readonly pid: number | undefined
  readonly stdin: WritablePipe | null
  readonly stdout: ReadablePipe | null
  readonly stderr: ReadablePipe | null
  killed = false
  #open = 1

  constructor(pid: number | undefined, pipes: readonly (WritablePipe | ReadablePipe | null)[]) {
    super()
    const [stdin, stdout, stderr] = pipes
    this.pid = pid
    this.stdin = stdin instanceof WritablePipe ? stdin : null
    this.stdout = stdout instanceof ReadablePipe ? stdout : null
    this.stderr = stderr instanceof ReadablePipe ? stderr : null
    for (const output of [this.stdout, this.stderr]) {
      if (output === null) continue
      this.#open++
      output.on('close', () => this.#closeOne())
    }
  }

  #outcome: [status: number | null, signal: string | null] = [null, null]

  /** Takes the status that wait(2) gives. */
  end(status: number): void {
    const signal = status & 0x7f
    this.#outcome = signal === 0 ? [status >> 8, null] : [null, signalName(signal)]
    this.stdin?.destroy()
    this.emit('exit', ...this.#outcome)
    this.#closeOne()
  }

  #closeOne(): void {
    this.#open--
    if (this.#open === 0) this.emit('close', ...this.#outcome)
  }

  kill(signal = 'SIGTERM'): boolean {
    if (this.pid === undefined || !running.has(this)) return false
    process.kill(this.pid, signal)
    this.killed = true
    return true
  }
}

const running = new Map<ChildProcess, () => void>()

/** Waits for none: asks of each child whether it has ended. */
function reap(): void {
  for (const [child, release] of [...running]) {
    const status = new Int32Array(1)
    if (system('wait4', [child.pid ?? 0, new Uint8Array(status.buffer), WNOHANG, null]) === 0) continue
    running.delete(child)
    release()
    child.end(status[0] ?? 0)
  }
}

/** Starts a program. That there is none is said by the event `error`, after this has returned. */
export function spawn(file: string, args: readonly string[], options: SpawnOptions = {}): ChildProcess {
  const { env = process.env, stdio = ['pipe', 'pipe', 'pipe'], detached = false } = options
  catchSignal(signalNumbers['SIGCHLD'] ?? 0, reap)
  const { ours, theirs } = openStdio(stdio)
  const pid = host.spawn(file, [file, ...args], environmentOf(env), theirs, detached)
  for (const [index, fd] of theirs.entries()) if (ours[index] !== undefined) closeSync(fd)
  if (pid < 0) return notStarted({ file, args, errno: -pid }, ours)
  const child = new ChildProcess(pid, ours.map(pipeOf))
  running.set(child, hold())
  return child
}

interface Stdio {
  /** Our end of each pipe; `undefined` where a descriptor was given. */
  readonly ours: (number | undefined)[]
  readonly theirs: number[]
}

function openStdio(stdio: readonly ('pipe' | number)[]): Stdio {
  const opened: Stdio = { ours: [], theirs: [] }
  try {
    for (const [index, kind] of stdio.entries()) {
      const { readEnd, writeEnd } = kind === 'pipe' ? openPipe() : { readEnd: kind, writeEnd: undefined }
      const isInput = index === 0 || writeEnd === undefined
      opened.theirs.push(isInput ? readEnd : writeEnd)
      opened.ours.push(isInput ? writeEnd : readEnd)
    }
    return opened
  } catch (error) {
    for (const [index, fd] of opened.ours.entries())
      if (fd !== undefined) [fd, opened.theirs[index] ?? -1].map(closeSync)
    throw error
  }
}

function pipeOf(fd: number | undefined, index: number): WritablePipe | ReadablePipe | null {
  if (fd === undefined) return null
  return index === 0 ? new WritablePipe(fd) : new ReadablePipe(fd)
}

function notStarted(
  { file, args, errno }: { file: string; args: readonly string[]; errno: number },
  pipes: readonly (number | undefined)[],
): ChildProcess {
  for (const fd of pipes) if (fd !== undefined) closeSync(fd)
  const child = new ChildProcess(undefined, [null, null, null])
  const error = Object.assign(errnoError(errno, `spawn ${file}`), { path: file, spawnargs: args })
  queueMicrotask(() => child.emit('error', error))
  return child
}

function environmentOf(env: Readonly<Record<string, string | undefined>>): string[] {
  return Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]))
}

interface ExecFileOptions {
  env?: Readonly<Record<string, string | undefined>>
  /** Bytes of standard output, or of standard error; 1 MiB by default. */
  maxBuffer?: number
  /** Milliseconds after which it is ended with SIGTERM; 0, the default, is never. */
  timeout?: number
  signal?: AbortSignal | undefined
}

type ExecError = Error & { code?: string | number | null; killed?: boolean; signal?: string | null }
type ExecCallback = (error: ExecError | null, stdout: string, stderr: string) => void

/** Runs a program to its end and hands on all that it wrote. */
export function execFile(
  file: string,
  args: readonly string[],
  options: ExecFileOptions,
  callback: ExecCallback,
): ChildProcess {
  const child = spawn(file, args, options.env === undefined ? {} : { env: options.env })
  new Execution(child, options, { command: [file, ...args].join(' '), callback }).follow()
  return child
}

class Execution {
  readonly #child: ChildProcess
  readonly #options: ExecFileOptions
  readonly #command: string
  readonly #callback: ExecCallback
  readonly #stdout: Uint8Array[] = []
  readonly #stderr: Uint8Array[] = []
  #error: ExecError | undefined
  #timer: Timeout | undefined

  constructor(
    child: ChildProcess,
    options: ExecFileOptions,
    { command, callback }: { command: string; callback: ExecCallback },
  ) {
    this.#child = child
    this.#options = options
    this.#command = command
    this.#callback = callback
  }

  follow(): void {
    const { timeout = 0, signal } = this.#options
    this.#collect(this.#child.stdout, this.#stdout)
    this.#collect(this.#child.stderr, this.#stderr)
    this.#child.on('error', (error: ExecError) => this.#finish(error))
    this.#child.on('close', (status: number | null, by: string | null) => this.#onClose(status, by))
    if (timeout > 0) this.#timer = setTimeout(() => void this.#child.kill(), timeout)
    signal?.addEventListener('abort', this.#onAbort, { once: true })
    if (signal?.aborted) this.#onAbort()
  }

  #collect(output: ReadablePipe | null, into: Uint8Array[]): void {
    const { maxBuffer = 1024 * 1024 } = this.#options
    let size = 0
    output?.on('data', (chunk: Uint8Array) => {
      into.push(chunk)
      size += chunk.length
      if (size > maxBuffer) this.#stop(Object.assign(new RangeError('maxBuffer exceeded'), { code: OVERFLOW }))
    })
  }

  readonly #onAbort = (): void => {
    const error = Object.assign(new Error('The operation was aborted'), { name: 'AbortError', code: 'ABORT_ERR' })
    this.#stop(Object.assign(error, { cause: this.#options.signal?.reason }))
  }

  #stop(error: ExecError): void {
    this.#error ??= error
    this.#child.kill()
    this.#child.stdout?.destroy()
    this.#child.stderr?.destroy()
  }

  #onClose(status: number | null, signal: string | null): void {
    const { killed } = this.#child
    const failure = new Error(`Command failed: ${this.#command}\n${textOf(this.#stderr)}`)
    this.#finish(this.#error ?? (status === 0 ? undefined : Object.assign(failure, { code: status, killed, signal })))
  }

  #finish(error: ExecError | undefined): void {
    clearTimeout(this.#timer)
    this.#options.signal?.removeEventListener('abort', this.#onAbort)
    this.#callback(error ?? null, textOf(this.#stdout), textOf(this.#stderr))
  }
}

const OVERFLOW = 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER'

function textOf(chunks: readonly Uint8Array[]): string {
  return Buffer.concat(chunks).toString()
}
