import { type Ratio, ratioOf as ratioOfPairs } from './interval.ts'

/** What one call, or many side by side, took on one lane. */
export interface Sample {
  /** What was run: `bridge ADD`. */
  readonly row: string
  readonly lane: string
  /** In which all lanes were timed after one another. */
  readonly round: number
  /** In the unit of the row; see {@link unitOf}. */
  readonly value: number
}

/** One row of a table: what was run, and what it took by lane. */
export interface Row {
  readonly name: string
  readonly lanes: Readonly<Record<string, Measured>>
}

/** In the unit of the row. */
export interface Measured {
  readonly p50: number
  readonly p95: number
  /** All of them, by round. */
  readonly rounds: Readonly<Record<number, number>>
}

const units = ['MiB', 'Gbit/s', 'packets/s'] as const

/** The unit is the end of a row's name; milliseconds otherwise. */
export function unitOf(row: string): 'ms' | (typeof units)[number] {
  return units.find((unit) => row.endsWith(`, ${unit}`)) ?? 'ms'
}

/** The value that `share` of all values do not exceed. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

/** Sums samples up, rows in the order in which they were first run. */
export function rowsOf(samples: readonly Sample[]): Row[] {
  const byRow = new Map<string, Sample[]>()
  for (const sample of samples) {
    const known = byRow.get(sample.row)
    if (known) known.push(sample)
    else byRow.set(sample.row, [sample])
  }
  return [...byRow].map(([name, own]) => ({ name, lanes: lanesOf(own) }))
}

function lanesOf(samples: readonly Sample[]): Row['lanes'] {
  const names = [...new Set(samples.map(({ lane }) => lane))]
  return Object.fromEntries(
    names.map((name) => {
      const own = samples.filter(({ lane }) => lane === name)
      const values = own.map(({ value }) => value)
      const rounds = Object.fromEntries(own.map(({ round, value }) => [round, value]))
      return [name, { p50: percentile(values, 0.5), p95: percentile(values, 0.95), rounds }]
    }),
  )
}

/**
 * How many times better `lane` is than `base`: quicker, smaller, or more a second. By pairs of the same round; `undefined` where
 * there is none.
 */
export function ratioOf({ name, lanes }: Row, lane: string, base: string): Ratio | undefined {
  const [own, theirs] = [lanes[lane]?.rounds ?? {}, lanes[base]?.rounds ?? {}]
  const pairs = Object.entries(own).flatMap(([round, value]) => {
    const other = theirs[Number(round)]
    if (other === undefined) return []
    return [unitOf(name).endsWith('/s') ? { base: value, lane: other } : { base: other, lane: value }]
  })
  return ratioOfPairs(pairs)
}
