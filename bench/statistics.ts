/** What one call, or many side by side, took on one lane. */
export interface Sample {
  /** What was run: `bridge ADD`. */
  readonly row: string
  readonly lane: string
  readonly milliseconds: number
}

/** The value that `share` of all values do not exceed. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

/** One row of a table: what was run, and its milliseconds by lane. */
export interface Row {
  readonly name: string
  readonly times: Readonly<Record<string, { readonly p50: number; readonly p95: number }>>
}

/** Sums samples up, rows in the order in which they were first run. */
export function rowsOf(samples: readonly Sample[]): Row[] {
  const names = [...new Set(samples.map(({ row }) => row))]
  return names.map((name) => ({ name, times: timesOf(samples.filter(({ row }) => row === name)) }))
}

function timesOf(samples: readonly Sample[]): Row['times'] {
  const lanes = [...new Set(samples.map(({ lane }) => lane))]
  return Object.fromEntries(
    lanes.map((name) => {
      const times = samples.filter(({ lane }) => lane === name).map(({ milliseconds }) => milliseconds)
      return [name, { p50: percentile(times, 0.5), p95: percentile(times, 0.95) }]
    }),
  )
}

/** How many times quicker `lane` is than `other`, by their medians; `undefined` where one of them was not timed. */
export function ratioOf({ times }: Row, lane: string, other: string): number | undefined {
  const own = times[lane]?.p50
  const theirs = times[other]?.p50
  return own === undefined || theirs === undefined ? undefined : theirs / own
}

/** The table that is printed: p50 and p95 of each lane, and how many times quicker the others are than `base`. */
export function formatRows(rows: readonly Row[], lanes: readonly string[], base: string | undefined): string {
  const compared = base === undefined ? [] : lanes.filter((lane) => lane !== base)
  const header = ['', ...lanes.flatMap((lane) => [lane, 'p95']), ...compared.map((lane) => `${lane} is`)]
  const lines = rows.map((row) => {
    const cells = lanes.flatMap((lane) => [row.times[lane]?.p50, row.times[lane]?.p95].map(formatTime))
    const ratios = compared.map((lane) => formatRatio(base === undefined ? undefined : ratioOf(row, lane, base)))
    return [row.name, ...cells, ...ratios]
  })
  const all = [header, ...lines]
  const widths = header.map((_, column) => Math.max(...all.map((cells) => (cells[column] ?? '').length)))
  return all.map((cells) => formatLine(cells, widths)).join('\n')
}

/** Three figures: what follows them is noise. */
export function formatTime(milliseconds: number | undefined): string {
  if (milliseconds === undefined) return ''
  return milliseconds >= 100 ? milliseconds.toFixed(0) : milliseconds.toFixed(milliseconds >= 10 ? 1 : 2)
}

function formatRatio(ratio: number | undefined): string {
  return ratio === undefined ? '' : `${ratio.toFixed(ratio >= 10 ? 0 : 1)}x`
}

function formatLine(cells: readonly string[], widths: readonly number[]): string {
  const aligned = cells.map((cell, column) =>
    column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
  )
  return aligned.join('  ').trimEnd()
}
