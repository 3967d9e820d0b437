import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { Request } from '@patchbay/cni/plugin'
import { isOwnNamespace } from '@patchbay/linux/netns'
import { isShortage } from '../../request/shortage.ts'

/** Whose call it is that needs the tool: its network, its programs and its patience. */
export type Caller = Pick<Request, 'hostNetns' | 'env' | 'signal'>

/** A caller who waits to the end, also once the call has been cut short: what takes rules back must not stop half-way. */
export function uncut<C extends Caller>({ signal: _, ...caller }: C): Omit<C, 'signal'> {
  return caller
}

export interface ToolOutcome {
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

/** A tool that is not installed. */
export class ToolNotFoundError extends Error {
  override readonly name = 'ToolNotFoundError'
  readonly tool: string

  constructor(tool: string) {
    super(`exec: "${tool}": executable file not found in $PATH`)
    this.tool = tool
  }
}

const OWN_NETNS = '/proc/self/ns/net'
const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
/** Bytes: the rules of a host with tens of thousands of services. */
const MAX_OUTPUT = 256 * 1024 * 1024
/** A tool that takes longer is stuck. */
const TIMEOUT_MS = 60_000

/**
 * Runs a program in the host's network namespace, found by the caller's `PATH`, to its end. This is the only place that
 * starts one.
 *
 * @param command the program and its arguments
 * @throws ToolNotFoundError
 * @throws Error when it takes longer than a minute; the reason of an aborted signal
 */
export async function runTool(
  caller: Caller,
  command: readonly [string, ...string[]],
  input = '',
): Promise<ToolOutcome> {
  const [tool, ...args] = command
  const program = [findTool(caller, tool), ...args]
  const [file = '', ...rest] = [...entering(caller, caller.hostNetns), ...program]
  const { execFile } = await import('node:child_process')
  const options = { env: caller.env, maxBuffer: MAX_OUTPUT, timeout: TIMEOUT_MS, signal: caller.signal }
  return new Promise((resolve, reject) => {
    const child = execFile(file, rest, options, (error, stdout, stderr) => {
      if (!error) resolve({ status: 0, stdout, stderr })
      else if (caller.signal?.aborted) reject(caller.signal.reason)
      else if (typeof error.code === 'number') resolve({ status: error.code, stdout, stderr })
      else
        reject(
          error.killed && !error.code ? new Error(`Cannot run "${tool}" within ${TIMEOUT_MS} ms: it is stuck`) : error,
        )
    })
    child.stdin?.on('error', (error) => {
      // A tool that ends without reading says why by itself. One that has not got all takes the rest for empty.
      if (!('code' in error && error.code === 'EPIPE')) reject(error)
    })
    child.stdin?.end(input)
  })
}

/** The words that run what follows them in a namespace; none for the one that this process is in. */
function entering(caller: Caller, netns: string): string[] {
  if (netns === OWN_NETNS || isOwnNamespace(netns)) return []
  return [findTool(caller, 'nsenter'), `--net=${netns}`, '--']
}

/** Whether a program is installed. */
export function hasTool(caller: Pick<Caller, 'env'>, tool: string): boolean {
  return whereIs(caller, tool) !== undefined
}

function findTool(caller: Pick<Caller, 'env'>, tool: string): string {
  const file = whereIs(caller, tool)
  if (file === undefined) throw new ToolNotFoundError(tool)
  return file
}

function whereIs({ env }: Pick<Caller, 'env'>, tool: string): string | undefined {
  const directories = (env['PATH'] ?? DEFAULT_PATH).split(delimiter).filter((directory) => directory.startsWith('/'))
  return directories.map((directory) => join(directory, tool)).find(isExecutable)
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch (error) {
    if (isShortage(error)) throw error
    return false
  }
}
