import { readFileSync } from 'node:fs'
import { LEAST_PAIRS, type Ratio } from './interval.ts'
import { type Row, ratioOf } from './statistics.ts'
import { formatRatio, formatTable, formatTimes } from './table.ts'

/** What is promised: how many times better lanes are than `base`. */
export interface Bars {
  readonly base: string
  readonly bars: readonly { readonly row: string; readonly lanes: Readonly<Record<string, number>> }[]
}

export type Verdict = 'met' | 'missed' | 'undecided' | 'not measured'

/** One promise, and what became of it. */
export interface Judged {
  readonly row: string
  readonly lane: string
  readonly promised: number
  readonly measured: Ratio | undefined
  readonly verdict: Verdict
}

/** Throws Error that names the file and the key that is wrong. */
export function barsFromFile(path: string): Bars {
  try {
    return checked(JSON.parse(readFileSync(path, 'utf8')))
  } catch (error) {
    throw new Error(`Cannot read bars from "${path}": ${error instanceof Error ? error.message : error}`, {
      cause: error,
    })
  }
}

function checked(json: unknown): Bars {
  const { base, bars } = json as Partial<Bars>
  if (typeof base !== 'string') throw new Error('"base" is no string')
  if (!Array.isArray(bars)) throw new Error('"bars" is no array')
  for (const { row, lanes } of bars) {
    if (typeof row !== 'string') throw new Error('a bar has no string "row"')
    const isRatio = (value: unknown) => typeof value === 'number' && value > 0
    if (typeof lanes !== 'object' || lanes === null || !Object.values(lanes).every(isRatio))
      throw new Error(`"lanes" of "${row}" is no object with a positive number for each lane`)
  }
  return { base, bars }
}

/** Undecided are bars that lie within the interval, and all where there are too few pairs for one. */
export function judge({ base, bars }: Bars, rows: readonly Row[]): Judged[] {
  return bars.flatMap(({ row, lanes }) =>
    Object.entries(lanes).map(([lane, promised]) => {
      const found = rows.find(({ name }) => name === row)
      const measured = found === undefined ? undefined : ratioOf(found, lane, base)
      return { row, lane, promised, measured, verdict: verdictOf(promised, measured) }
    }),
  )
}

function verdictOf(promised: number, measured: Ratio | undefined): Verdict {
  if (measured === undefined) return 'not measured'
  if (measured.interval === undefined) return 'undecided'
  if (measured.interval.low >= promised) return 'met'
  return measured.interval.high < promised ? 'missed' : 'undecided'
}

export function formatJudged(judged: readonly Judged[], base: string): string {
  const lines = judged.map(({ row, lane, promised, measured, verdict }) => {
    const isShort = measured !== undefined && measured.interval === undefined
    const note = isShort ? `${verdict} (${measured.pairs} of ${LEAST_PAIRS} pairs)` : verdict
    return [row, lane, `${formatTimes(promised)}x`, formatRatio(measured), note]
  })
  return formatTable([[`times better than ${base}`, 'lane', 'promised', 'measured', ''], ...lines])
}
