import { readFileSync } from 'node:fs'
import { cpus, loadavg, release } from 'node:os'

/** What does not change during a run. */
export interface Machine {
  readonly kernel: string
  readonly processors: number
  readonly model: string
  /** How the clock of the processor is chosen; `undefined` where this machine has no say. */
  readonly governor: string | undefined
}

/** The counters of one moment. */
export interface Counters {
  /** Processes that ran or wanted to, over the last minute. */
  readonly load: number
  /** Time of all processors since the boot, in units of the kernel's. */
  readonly ticks: Ticks
  /** Microseconds since the boot in which some process waited, by what it waited for; `undefined` without PSI. */
  readonly waited: Readonly<Record<Resource, number>> | undefined
  readonly microseconds: number
}

export interface Ticks {
  readonly all: number
  readonly idle: number
  readonly iowait: number
  readonly steal: number
}

type Resource = 'cpu' | 'io' | 'memory'
const resources: readonly Resource[] = ['cpu', 'io', 'memory']

/** What the machine did from one moment to another, in percent. */
export interface Shares {
  /** Time that the host of a virtual machine gave to others. */
  readonly steal: number
  readonly iowait: number
  readonly busy: number
  /** Of the time, in which some process waited for it; `undefined` without PSI. */
  readonly waited: Readonly<Record<Resource, number>> | undefined
}

export function readMachine(): Machine {
  const all = cpus()
  return {
    kernel: release(),
    processors: all.length,
    model: all[0]?.model.trim() || 'unknown',
    governor: readIfThere('/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor')?.trim(),
  }
}

export function readCounters(): Counters {
  return {
    load: loadavg()[0] ?? 0,
    ticks: ticksOf(readFileSync('/proc/stat', 'utf8')),
    waited: waitedOf((resource) => readIfThere(`/proc/pressure/${resource}`)),
    microseconds: performance.now() * 1000,
  }
}

/** From the first line of `/proc/stat`; proc_stat(5). */
export function ticksOf(stat: string): Ticks {
  const [, ...fields] = stat.slice(0, stat.indexOf('\n')).trim().split(/ +/)
  // Time of guests, which comes after these, is in the first two already.
  const counted = fields.slice(0, 8).map(Number)
  const [, , , idle = 0, iowait = 0, , , steal = 0] = counted
  return { all: counted.reduce((sum, each) => sum + each, 0), idle, iowait, steal }
}

function waitedOf(read: (resource: Resource) => string | undefined): Counters['waited'] {
  const totals = resources.map((resource) => [resource, stallOf(read(resource) ?? '')] as const)
  return totals.some(([, total]) => Number.isNaN(total))
    ? undefined
    : (Object.fromEntries(totals) as Record<Resource, number>)
}

/** From the line "some" of a file in `/proc/pressure`. */
export function stallOf(pressure: string): number {
  return Number(/^some .*total=(\d+)/m.exec(pressure)?.[1])
}

export function sharesOf(before: Counters, after: Counters): Shares {
  const all = Math.max(1, after.ticks.all - before.ticks.all)
  const share = (what: keyof Ticks) => (100 * (after.ticks[what] - before.ticks[what])) / all
  const iowait = share('iowait')
  return {
    steal: share('steal'),
    iowait,
    busy: 100 - share('idle') - iowait,
    waited: waitedShares(before, after),
  }
}

function waitedShares(before: Counters, after: Counters): Shares['waited'] {
  const [from, to] = [before.waited, after.waited]
  if (from === undefined || to === undefined) return undefined
  const time = after.microseconds - before.microseconds
  const share = (resource: Resource) => (100 * (to[resource] - from[resource])) / time
  return { cpu: share('cpu'), io: share('io'), memory: share('memory') }
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
