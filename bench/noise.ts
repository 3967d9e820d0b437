import type { Ratio } from './interval.ts'
import { type Counters, type Machine, readCounters, type Shares, sharesOf } from './machine.ts'
import { percentile } from './statistics.ts'

/** What else the machine did during a run. */
export interface Surroundings {
  readonly machine: Machine
  /** Processes that ran or wanted to, before and after. */
  readonly load: { readonly before: number; readonly after: number }
  /** Over the whole run. */
  readonly shares: Shares
  /** Percent of all processors that others took in the pauses between rows, in which the bench does nothing: the median. */
  readonly others: number
  /** Milliseconds of a process that does nothing, at the beginning and at the end; `undefined` when not timed. */
  readonly emptyProcess: { readonly before: number; readonly after: number } | undefined
}

/** From where on figures are not to be published. */
export const limits = {
  /** Share of the processors that are in use when the run begins. */
  load: 0.5,
  /** Percent. */
  steal: 2,
  iowait: 5,
  others: 10,
  /** How many times as long an empty process takes at the end, or at the beginning. */
  drift: 1.3,
  /** How many times as large the upper end of an interval is as the lower, and the percentage of intervals that may be wider. */
  interval: 1.5,
  wideIntervals: 20,
} as const

/** Before a pause counts: the kernel is still busy with what was detached last. */
const SETTLE_MS = 300
const PAUSE_MS = 500

/** Watches the machine from its making on. */
export class Watch {
  readonly #machine: Machine
  readonly #before = readCounters()
  readonly #pauses: Shares[] = []

  constructor(machine: Machine) {
    this.#machine = machine
  }

  /** Looks at what others do, while the caller does nothing. */
  async pause(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS))
    const from = readCounters()
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
    this.#pauses.push(sharesOf(from, readCounters()))
  }

  end(emptyProcess: Surroundings['emptyProcess'], after: Counters = readCounters()): Surroundings {
    const others = this.#pauses.map(({ busy }) => busy)
    return {
      machine: this.#machine,
      load: { before: this.#before.load, after: after.load },
      shares: sharesOf(this.#before, after),
      others: others.length === 0 ? 0 : percentile(others, 0.5),
      emptyProcess,
    }
  }
}

/** Why the figures of a run are not to be published: each with the figure, and the limit that it exceeded. */
export function noiseIn(surroundings: Surroundings, ratios: readonly Ratio[]): string[] {
  const { machine, load, shares, others } = surroundings
  const most = machine.processors * limits.load
  const percents = (
    [
      ['the host of this virtual machine took', shares.steal, limits.steal, 'of the time'],
      ['the processors waited for disks in', shares.iowait, limits.iowait, 'of the time'],
      ['other processes took', others, limits.others, 'of the processors in pauses'],
    ] as const
  ).flatMap(([what, value, limit, of]) =>
    value > limit ? [`${what} ${value.toFixed(1)} % ${of} (limit ${limit} %)`] : [],
  )
  return [
    ...(load.before > most ? [`the load was ${load.before.toFixed(2)} before the start (limit ${most})`] : []),
    ...percents,
    ...driftIn(surroundings),
    ...wideIntervalsIn(ratios),
  ]
}

function driftIn({ emptyProcess }: Surroundings): string[] {
  if (emptyProcess === undefined) return []
  const { before, after } = emptyProcess
  if (Math.max(before / after, after / before) <= limits.drift) return []
  return [
    `an empty process took ${before.toFixed(2)} ms at the beginning and ${after.toFixed(2)} ms at the end (limit ${limits.drift} times)`,
  ]
}

function wideIntervalsIn(ratios: readonly Ratio[]): string[] {
  const intervals = ratios.flatMap(({ interval }) => (interval === undefined ? [] : [interval]))
  const wide = intervals.filter(({ low, high }) => high / low > limits.interval)
  const percentage = (100 * wide.length) / Math.max(1, intervals.length)
  if (percentage <= limits.wideIntervals) return []
  return [
    `${wide.length} of ${intervals.length} intervals end more than ${limits.interval} times as high as they begin (limit ${limits.wideIntervals} %)`,
  ]
}

/** Lines about the machine, and whether figures of this run are to be published. */
export function formatSurroundings(surroundings: Surroundings, noise: readonly string[]): string {
  const { machine, load, shares, others, emptyProcess } = surroundings
  const { processors, model, kernel, governor } = machine
  const percent = (value: number) => `${value.toFixed(1)} %`
  const { waited } = shares
  const lines = [
    `machine: ${processors} processors (${model}), Linux ${kernel}${governor === undefined ? '' : `, governor ${governor}`}`,
    `load: ${load.before.toFixed(2)} before, ${load.after.toFixed(2)} after; steal ${percent(shares.steal)}, iowait ${percent(shares.iowait)}, others in pauses ${percent(others)}`,
    ...(waited === undefined
      ? []
      : [
          `waiting (PSI): for processors ${percent(waited.cpu)}, disks ${percent(waited.io)}, memory ${percent(waited.memory)} of the time`,
        ]),
    ...(emptyProcess === undefined
      ? []
      : [
          `an empty process: ${emptyProcess.before.toFixed(2)} ms at the beginning, ${emptyProcess.after.toFixed(2)} ms at the end`,
        ]),
  ]
  const verdict =
    noise.length === 0
      ? ['This machine was quiet.']
      : ['This machine was noisy; the ratios above are not to be published:', ...noise.map((reason) => `- ${reason}`)]
  return [...lines, ...verdict].join('\n')
}
