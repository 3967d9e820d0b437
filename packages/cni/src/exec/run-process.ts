import type { ChildProcess } from 'node:child_process'
import { accessSync, closeSync, constants, openSync, readSync } from 'node:fs'
import { errnoOf } from '../config/error-text.ts'
import { Output } from './output.ts'
import { openStdinFile } from './stdin-file.ts'

/** How a process ended: by itself, by a signal, or not even started. */
export type ProcessEnd =
  | { readonly kind: 'exited'; readonly status: number }
  | { readonly kind: 'signalled'; readonly signal: string }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string }

export interface ProcessOutcome {
  readonly end: ProcessEnd
  readonly stdout: string
  readonly stderr: string
  /** True when the process was killed because it wrote more than {@link outputLimits.stdout}. */
  readonly overflowed: boolean
}

export interface ProcessInput {
  readonly stdin: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly signal?: AbortSignal | undefined
  /** Run it in a process group of its own, all of which is killed with it; otherwise it alone is killed. */
  readonly ownGroup: boolean
  /** Gets what the process writes to standard error, as it comes. */
  readonly onStderr?: ((chunk: Uint8Array) => void) | undefined
}

/** Bytes: a process that writes more to standard output is killed; more on standard error is dropped. */
export const outputLimits = { stdout: 16 * 1024 * 1024, stderr: 1024 * 1024 } as const

/** Streams that are still open after the end of a process are given up once they have been silent for so long. */
const silenceMs = 250
/** And after this, silent or not. */
const drainMs = 2000

/**
 * Runs the program at `path`, without arguments, to its end. Resolves however it ends; rejects only with the reason
 * of an aborted signal, after the program has been killed.
 *
 * What counts is the end of the program itself. If a process it started keeps the streams open, they are read until
 * they have been silent for a quarter of a second, for two seconds at most: then all that the program wrote has come.
 */
export async function runProcess(path: string, input: ProcessInput): Promise<ProcessOutcome> {
  const { spawn } = await import('node:child_process')
  input.signal?.throwIfAborted()
  if (!isExecutableFormat(path)) return notStarted('ENOEXEC', 'exec format error')
  const stdinFile = openStdinFile(input.stdin)
  try {
    const child = spawn(path.includes('/') ? path : `./${path}`, [], {
      env: input.env,
      stdio: [stdinFile ?? 'pipe', 'pipe', 'pipe'],
      detached: input.ownGroup,
      windowsHide: true,
    })
    return await new Watch(child, input).outcome
  } catch (error) {
    input.signal?.throwIfAborted()
    return startFailure(error)
  } finally {
    if (stdinFile !== undefined) closeSync(stdinFile)
  }
}

/** Follows one child from its start until it has ended and its output has been read. */
class Watch {
  readonly outcome: Promise<ProcessOutcome>
  readonly #child: ChildProcess
  readonly #input: ProcessInput
  readonly #stdout = new Output(outputLimits.stdout)
  readonly #stderr = new Output(outputLimits.stderr)
  #end: ProcessEnd | undefined
  #heard = false
  #timer: NodeJS.Timeout | undefined
  #resolve: (outcome: ProcessOutcome) => void = () => undefined
  #reject: (reason: unknown) => void = () => undefined

  constructor(child: ChildProcess, input: ProcessInput) {
    this.#child = child
    this.#input = input
    this.outcome = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    child.on('error', (error) => this.#onError(error))
    child.on('exit', (status, signal) => this.#onExit(status, signal))
    child.on('close', () => this.#finish())
    child.stdout?.on('data', (chunk: Uint8Array) => this.#onStdout(chunk))
    child.stderr?.on('data', (chunk: Uint8Array) => this.#onStderr(chunk))
    // A program need not read its input, and its streams say nothing that its end does not.
    for (const stream of [child.stdin, child.stdout, child.stderr]) stream?.on('error', () => undefined)
    child.stdin?.end(input.stdin)
    input.signal?.addEventListener('abort', this.#onAbort, { once: true })
  }

  #onError(error: Error): void {
    if (this.#child.pid !== undefined) return
    this.#end = startFailure(error).end
    this.#finish()
  }

  #onExit(status: number | null, signal: string | null): void {
    this.#end = status === null ? { kind: 'signalled', signal: signal ?? '' } : { kind: 'exited', status }
    this.#awaitSilence()
  }

  #onStdout(chunk: Uint8Array): void {
    this.#heard = true
    this.#stdout.add(chunk)
    if (!this.#stdout.overflowed) return
    if (this.#end === undefined) this.#kill()
    else this.#finish()
  }

  #onStderr(chunk: Uint8Array): void {
    this.#heard = true
    this.#stderr.add(chunk)
    this.#input.onStderr?.(chunk)
  }

  readonly #onAbort = (): void => {
    this.#kill()
    // A process that hangs in the kernel dies later, if at all: the caller does not wait for that.
    this.#awaitSilence()
  }

  #kill(): void {
    const { pid } = this.#child
    if (pid === undefined || this.#end !== undefined) return
    try {
      process.kill(this.#input.ownGroup ? -pid : pid, 'SIGKILL')
    } catch {
      // It has just ended.
    }
  }

  #awaitSilence(until = Date.now() + drainMs): void {
    this.#heard = false
    clearTimeout(this.#timer)
    // The timer may be due because this thread was busy: what came meanwhile is read before `setImmediate` runs.
    this.#timer = setTimeout(() => setImmediate(() => this.#onSilence(until)), silenceMs)
  }

  #onSilence(until: number): void {
    if (this.#heard && Date.now() < until) this.#awaitSilence(until)
    else this.#finish()
  }

  #finish(): void {
    clearTimeout(this.#timer)
    this.#input.signal?.removeEventListener('abort', this.#onAbort)
    this.#child.stdout?.destroy()
    this.#child.stderr?.destroy()
    // The first of the two counts.
    if (this.#input.signal?.aborted) this.#reject(this.#input.signal.reason)
    this.#resolve({
      end: this.#end ?? { kind: 'signalled', signal: 'SIGKILL' },
      stdout: this.#stdout.text(),
      stderr: this.#stderr.text(),
      overflowed: this.#stdout.overflowed,
    })
  }
}

/**
 * False for a file that the kernel refuses but the C library would hand to a shell: text without `#!`, and the empty
 * or zeroed file that a torn copy leaves behind, which a shell "runs" with success.
 */
function isExecutableFormat(path: string): boolean {
  try {
    if (process.platform === 'win32') return true
    accessSync(path, constants.X_OK)
    const head = readHead(path)
    return head.toString('latin1', 0, 2) === '#!' || (head.includes(0) && head.some((byte) => byte !== 0))
  } catch {
    // Starting it says why it cannot be started; one that cannot be read may well be.
    return true
  }
}

function readHead(path: string): Buffer {
  const head = Buffer.alloc(128)
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    return head.subarray(0, readSync(fd, head, 0, head.length, 0))
  } finally {
    closeSync(fd)
  }
}

function startFailure(error: unknown): ProcessOutcome {
  return notStarted(errnoOf(error), String(error))
}

function notStarted(code: string, message: string): ProcessOutcome {
  return { end: { kind: 'failed', code, message }, stdout: '', stderr: '', overflowed: false }
}
