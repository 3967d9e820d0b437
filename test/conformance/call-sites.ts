import type { Outcome, World } from '../lab/world.ts'

/** A system call of a program: one of several of that name. */
export interface CallSite {
  readonly call: string
  /** Which of that name, from 1. Each thread counts for itself. */
  readonly when: number
  /** The call as strace shows it. */
  readonly line: string
}

/** Runs a program through another, whose command line ends with it. */
export type RunThrough = (through: readonly string[]) => Outcome

const LOG = '/run/call-sites'

const ofMainThread = /^(?:close|write)$/

/** The system calls that a program's first thread makes, in order, from the first after the program has started. */
export function callSitesOf(world: World, run: RunThrough): CallSite[] {
  const { status, stdout } = run(['strace', '-f', '-qq', '-o', LOG])
  if (status !== 0) throw new Error(`Cannot list the calls of a program: status ${status}: ${stdout}`)
  const lines = world.shell(`cat ${LOG}`).split('\n')
  const thread = lines[0]?.split(' ')[0]
  const counts = new Map<string, number>()
  return lines.flatMap((line): CallSite[] => {
    const [, by, call] = /^(\d+) +(\w+)\(/.exec(line) ?? []
    if (by !== thread || call === undefined) return []
    const when = (counts.get(call) ?? 0) + 1
    counts.set(call, when)
    return [{ call, when, line }]
  })
}

/**
 * The words by which strace does something to a call: `signal=KILL`, `error=EIO`. A call that is made to fail is not carried out.
 * So calls of children and other threads are left alone where that would be something no kernel does: a child would keep what it
 * has closed open, and wait for it, and a thread could not wake the one that waits for it.
 */
export function injection({ call, when }: CallSite, what: string): string[] {
  return [
    'strace',
    ...(ofMainThread.test(call) ? [] : ['-f']),
    '-qq',
    '-o',
    '/dev/null',
    '-e',
    `trace=${call}`,
    '-e',
    `inject=${call}:${what}:when=${when}`,
  ]
}

/** The seed of this run's samples, for the name of a test: `PATCHBAY_TEST_SEED` set to it gives the same. */
export const seed = Number(process.env['PATCHBAY_TEST_SEED'] ?? Date.now() % 1_000_000)

/** As many of a list as `count`, chosen by {@link seed}; all of them when `PATCHBAY_TEST_WHOLE` is set. */
export function sampleOf<T>(all: readonly T[], count: number): T[] {
  if (process.env['PATCHBAY_TEST_WHOLE'] !== undefined || all.length <= count) return [...all]
  // One of each stretch of the list, so that no part of it is left out.
  const stretch = all.length / count
  return Array.from({ length: count }, (_, at) => all[Math.floor((at + fraction(at)) * stretch)]).filter(
    (each) => each !== undefined,
  )
}

/** From 0 to 1, another one for each number and each seed. */
function fraction(number: number): number {
  return (Math.imul(seed + 31 * number + 1, 0x9e3779b1) >>> 0) / 2 ** 32
}
