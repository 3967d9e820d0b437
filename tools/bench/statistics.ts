/** One call: what was called, by whose plugin, and how long it took. */
export interface Sample {
  readonly plugin: string
  readonly implementation: string
  readonly command: string
  readonly microseconds: number
}

/** Reads what the script prints. */
export function parseSamples(output: string): Sample[] {
  return output
    .trim()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [plugin = '', implementation = '', command = '', time = ''] = line.split(' ')
      return { plugin, implementation, command, microseconds: Number(time) }
    })
}

/** The value that `share` of all values do not exceed. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

/** One row of the table: a command of a plugin, by every implementation. */
export interface Row {
  readonly plugin: string
  readonly command: string
  /** Milliseconds, by implementation. */
  readonly times: Readonly<Record<string, { p50: number; p95: number }>>
}

export function rowsOf(samples: readonly Sample[]): Row[] {
  const groups = new Map<string, Sample[]>()
  for (const sample of samples) {
    const key = `${sample.plugin} ${sample.command}`
    groups.set(key, [...(groups.get(key) ?? []), sample])
  }
  return [...groups].map(([key, group]) => {
    const [plugin = '', command = ''] = key.split(' ')
    return { plugin, command, times: timesOf(group) }
  })
}

function timesOf(group: readonly Sample[]): Row['times'] {
  const names = [...new Set(group.map(({ implementation }) => implementation))]
  return Object.fromEntries(
    names.map((name) => {
      const own = group.filter(({ implementation }) => implementation === name)
      const times = own.map(({ microseconds }) => microseconds / 1000)
      return [name, { p50: percentile(times, 0.5), p95: percentile(times, 0.95) }]
    }),
  )
}

/** The table that is printed: times in milliseconds, and how many times quicker the first implementation is. */
export function formatRows(rows: readonly Row[]): string {
  const names = Object.keys(rows[0]?.times ?? {})
  const [own = '', other] = names
  const header = ['', ...names.flatMap((name) => [`${name} p50`, 'p95']), ...(other ? ['ratio'] : [])]
  const lines = rows.map(({ plugin, command, times }) => {
    const cells = names.flatMap((name) => [times[name]?.p50, times[name]?.p95].map((value) => value?.toFixed(1) ?? ''))
    const ratio = other ? [`${((times[other]?.p50 ?? Number.NaN) / (times[own]?.p50 ?? Number.NaN)).toFixed(2)}x`] : []
    return [`${plugin} ${command}`, ...cells, ...ratio]
  })
  return [header, ...lines].map((cells) => formatLine(cells)).join('\n')
}

function formatLine(cells: readonly string[]): string {
  return cells.map((cell, index) => (index === 0 ? cell.padEnd(14) : cell.padStart(14))).join('')
}
