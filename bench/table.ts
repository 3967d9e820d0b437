import type { Ratio } from './interval.ts'
import { type Row, ratioOf } from './statistics.ts'

/** The lanes that have columns, and those of them that have ratios to `base`. */
export interface Columns {
  readonly lanes: readonly string[]
  readonly compared: readonly string[]
  readonly base: string | undefined
}

/** The table that is printed: p50 and p95 of each lane, and how many times better the others are than `base`. */
export function formatRows(rows: readonly Row[], { lanes, compared, base }: Columns): string {
  const header = ['', ...lanes.flatMap((lane) => [lane, 'p95']), ...compared.map((lane) => `${lane} is`)]
  const lines = rows.map((row) => {
    const cells = lanes.flatMap((lane) => [row.lanes[lane]?.p50, row.lanes[lane]?.p95].map(formatValue))
    const ratios = compared.map((lane) => formatRatio(base === undefined ? undefined : ratioOf(row, lane, base)))
    return [row.name, ...cells, ...ratios]
  })
  return formatTable([header, ...lines])
}

/** Lines of cells, the first column to the left, the others to the right. */
export function formatTable(lines: readonly (readonly string[])[]): string {
  const columns = Math.max(...lines.map(({ length }) => length))
  const widths = Array.from({ length: columns }, (_, at) => Math.max(...lines.map((cells) => (cells[at] ?? '').length)))
  return lines.map((cells) => formatLine(cells, widths)).join('\n')
}

/** Three figures: what follows them is noise. */
export function formatValue(value: number | undefined): string {
  if (value === undefined) return ''
  return value >= 100 ? value.toFixed(0) : value.toFixed(value >= 10 ? 1 : 2)
}

/** `4.4x (4.1-4.8)`, without the interval where there are too few pairs for one. */
export function formatRatio(ratio: Ratio | undefined): string {
  if (ratio === undefined) return ''
  const { interval } = ratio
  const range = interval === undefined ? '' : ` (${formatTimes(interval.low)}-${formatTimes(interval.high)})`
  return `${formatTimes(ratio.ratio)}x${range}`
}

export function formatTimes(ratio: number): string {
  return ratio.toFixed(ratio >= 10 ? 0 : ratio >= 1 ? 1 : 2)
}

function formatLine(cells: readonly string[], widths: readonly number[]): string {
  const aligned = cells.map((cell, column) =>
    column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
  )
  return aligned.join('  ').trimEnd()
}
