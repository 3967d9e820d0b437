import { spawn, spawnSync } from 'node:child_process'

/** One process: a plugin that is called. */
export interface Call {
  readonly program: string
  readonly env: Readonly<Record<string, string>>
  readonly input: string
}

/** What it printed, and how long it took from its start to its end. */
export interface Called {
  readonly milliseconds: number
  readonly output: string
}

/** Runs a process with nothing beside it. Throws Error with what it printed, when it fails. */
export function runCall({ program, env, input }: Call): Called {
  const start = performance.now()
  const { status, stdout, stderr, error } = spawnSync(program, [], { env, input, encoding: 'utf8' })
  const milliseconds = performance.now() - start
  if (status !== 0) throw failure({ program, env, input }, `${stdout}${stderr}${error ?? ''}`)
  return { milliseconds, output: stdout }
}

/** Runs a process beside others. Throws as {@link runCall}. */
export async function runCalls({ program, env, input }: Call): Promise<Called> {
  const start = performance.now()
  const child = spawn(program, [], { env, stdio: ['pipe', 'pipe', 'pipe'] })
  let output = ''
  let errors = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text
  })
  child.stdin.end(input)
  const status = await new Promise((resolve, reject) => child.on('close', resolve).on('error', reject))
  if (status !== 0) throw failure({ program, env, input }, `${output}${errors}`)
  return { milliseconds: performance.now() - start, output }
}

function failure({ program, env }: Call, printed: string): Error {
  return new Error(`Cannot time ${env['CNI_COMMAND'] ?? ''} of "${program}": ${printed}`)
}
