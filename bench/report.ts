import { type Bars, formatJudged, type Judged, judge } from './bars.ts'
import type { Ratio } from './interval.ts'
import { formatSurroundings, noiseIn, type Surroundings } from './noise.ts'
import { type Row, ratioOf, unitOf } from './statistics.ts'
import { formatRows } from './table.ts'
import type { Failure } from './turns.ts'

/** What a run has found. */
export interface Findings {
  readonly rows: readonly Row[]
  readonly failures: readonly Failure[]
  /** Names of all lanes, and which of them have ratios to `base`. */
  readonly lanes: readonly string[]
  readonly compared: readonly string[]
  readonly base: string | undefined
  readonly surroundings: Surroundings
  readonly bars: Bars | undefined
}

/** What is printed, and what is written as JSON. */
export interface Report {
  readonly text: string
  readonly json: object
  readonly judged: readonly Judged[]
  readonly noise: readonly string[]
}

const FORMAT = 1

export function reportOf(findings: Findings): Report {
  const { rows, failures, lanes, base, surroundings, bars } = findings
  const ratios = rows.map((row) => ratiosOf(row, findings))
  const noise = noiseIn(
    surroundings,
    ratios.flatMap((each) => Object.values(each)),
  )
  const judged = bars === undefined ? [] : judge(bars, rows)
  const parts = [
    'milliseconds, or the unit that a row names: median and 95th percentile; then how many times better, with an interval of 95 %',
    formatRows(rows, findings),
    ...(failures.length === 0 ? [] : [formatFailures(failures)]),
    formatSurroundings(surroundings, noise),
    ...(bars === undefined ? [] : [formatJudged(judged, bars.base)]),
  ]
  const json = {
    ...{ format: FORMAT, base, lanes, ...surroundings, noise },
    rows: rows.map((row, at) => ({ ...row, unit: unitOf(row.name), ratios: ratios[at] })),
    ...{ failures, ...(bars !== undefined && { bars: { base: bars.base, judged } }) },
  }
  return { text: parts.join('\n\n'), json, judged, noise }
}

function ratiosOf(row: Row, { compared, base }: Findings): Record<string, Ratio> {
  if (base === undefined) return {}
  const entries = compared.map((lane) => [lane, ratioOf(row, lane, base)] as const)
  return Object.fromEntries(entries.flatMap(([lane, ratio]) => (ratio === undefined ? [] : [[lane, ratio]])))
}

function formatFailures(failures: readonly Failure[]): string {
  const lines = failures.map(({ row, lane, message }) => `- ${lane}, ${row.replace(/,$/, '')}: ${message.trim()}`)
  return ['Lanes that are missing in a row, because a call failed:', ...lines].join('\n')
}
