import { spawn, spawnSync } from 'node:child_process'
import { closeSync, constants, fstatSync, openSync, readSync, writeSync } from 'node:fs'

/** One process: a plugin that is called. */
export interface Call {
  readonly program: string
  readonly args?: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly input: string
}

/** What it printed, and how long it took from its start to its end. */
export interface Called {
  readonly milliseconds: number
  readonly output: string
  /** Standard error. */
  readonly errors: string
}

/** Runs a process with nothing beside it. Throws Error with what it printed, when it fails. */
export function runCall({ program, args = [], env, input }: Call): Called {
  const start = performance.now()
  const { status, stdout, stderr, error } = spawnSync(program, args, { env, input, encoding: 'utf8' })
  const milliseconds = performance.now() - start
  if (status !== 0) throw failure({ program, env, input }, `${stdout}${stderr}${error ?? ''}`)
  return { milliseconds, output: stdout, errors: stderr }
}

/** `<fcntl.h>`: a file without a name. */
const O_TMPFILE = 0o20200000

/**
 * Runs a process beside others. It reads and writes files in memory: pipes would cost this process as much as the quickest
 * of plugins take. Throws as {@link runCall}.
 */
export async function runCalls({ program, args = [], env, input }: Call): Promise<Omit<Called, 'errors'>> {
  const start = performance.now()
  const [stdin, output] = [memoryFile(), memoryFile()]
  try {
    // At a position of its own: the process begins to read where the file begins.
    writeSync(stdin, input, 0)
    const child = spawn(program, args, { env, stdio: [stdin, output, output] })
    const status = await new Promise((resolve, reject) => child.on('exit', resolve).on('error', reject))
    const milliseconds = performance.now() - start
    const printed = readWhole(output)
    if (status !== 0) throw failure({ program, env, input }, printed)
    return { milliseconds, output: printed }
  } finally {
    closeSync(stdin)
    closeSync(output)
  }
}

function memoryFile(): number {
  return openSync('/run', O_TMPFILE | constants.O_RDWR, 0o600)
}

function readWhole(file: number): string {
  const bytes = Buffer.alloc(fstatSync(file).size)
  readSync(file, bytes, 0, bytes.length, 0)
  return bytes.toString()
}

function failure({ program, env }: Call, printed: string): Error {
  return new Error(`Cannot time ${env['CNI_COMMAND'] ?? ''} of "${program}": ${printed}`)
}
