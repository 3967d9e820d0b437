import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The system calls that change files. Between two of them a crash finds what it finds at the second. */
const calls = [
  ...['open', 'openat', 'creat', 'write', 'writev', 'pwrite64', 'ftruncate', 'link', 'linkat', 'symlink', 'symlinkat'],
  ...['rename', 'renameat', 'renameat2', 'unlink', 'unlinkat', 'fsync', 'fdatasync', 'utimensat', 'futimesat', 'flock'],
  ...['mkdir', 'mkdirat', 'rmdir'],
]
  // A question mark: the calls are not the same on all machines.
  .map((call) => `?${call}`)
  .join(',')

export interface Victim {
  readonly program: readonly string[]
  readonly env: NodeJS.ProcessEnv
  readonly input: string
  /** The first call to be killed at is one on this file. */
  readonly from: string
  /** How many times more or less than usual its threads wake each other up, each time by a write; 0 by default. */
  readonly wakeUps?: number
}

/**
 * Kills a program at every system call that changes a file, from the first on a certain file to its end: each time it is
 * run anew and killed one call later. What it is killed at does not happen.
 *
 * @param before runs ahead of each time
 * @param after runs once the program has been killed; `at` says at which call
 * @returns how many times it was killed
 */
export async function killAtEveryCall(
  victim: Victim,
  before: () => void,
  after: (at: string) => void | Promise<void>,
): Promise<number> {
  let kills = 0
  before()
  const trace = traceCalls(victim)
  const first = trace.findIndex((line) => line.includes(victim.from))
  if (first < 0) throw new Error(`Cannot kill a program at its calls on "${victim.from}": it makes none`)
  for (const [index, line] of trace.entries()) {
    if (index < first || !canChangeFiles(line)) continue
    // strace counts each kind of call by itself.
    const name = nameOf(line)
    const number = trace.slice(0, index + 1).filter((each) => nameOf(each) === name).length
    const spread = name === 'write' ? (victim.wakeUps ?? 0) : 0
    for (let when = number - spread; when <= number + spread; when++) {
      before()
      const { signal } = run(victim, ['-o', '/dev/null', '-e', `inject=${name}:signal=KILL:when=${when}`])
      if (signal !== 'SIGKILL') continue
      await after(line)
      kills++
    }
  }
  return kills
}

/** Not: what is opened for reading, and what is said to pipes and other threads. */
function canChangeFiles(line: string): boolean {
  return (
    (!line.includes('O_RDONLY') || line.includes('O_CREAT')) && !/^\d+ +\w+\(\d+<(?:anon_inode|pipe|socket):/.test(line)
  )
}

/** What the thread calls that the file is first seen by, in order. */
function traceCalls(victim: Victim): string[] {
  // Not beside the file: what it is in may notice that.
  const directory = mkdtempSync(join(tmpdir(), 'patchbay-calls-'))
  run(victim, ['-y', '-o', join(directory, 'log')])
  const lines = readFileSync(join(directory, 'log'), 'utf8').split('\n')
  rmSync(directory, { recursive: true })
  const pid = lines.find((line) => line.includes(victim.from))?.split(' ')[0]
  return lines.filter((line) => line.startsWith(`${pid} `) && nameOf(line) !== '')
}

/** `4711 openat(AT_FDCWD, ...`: in a line of strace's log. */
function nameOf(line: string): string {
  return /^\d+ +(\w+)\(/.exec(line)?.[1] ?? ''
}

function run({ program, env, input }: Victim, options: readonly string[]) {
  const args = ['-f', '-qq', '-e', `trace=${calls}`, ...options, '--', ...program]
  const result = spawnSync('strace', args, { env, input, encoding: 'utf8', timeout: 600_000 })
  if (result.error) throw result.error
  return result
}
