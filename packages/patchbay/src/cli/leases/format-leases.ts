import type { Backing } from '@patchbay/plugins/host-local'

/** A lease as it is shown; these are the keys of the JSON form too. */
export interface LeaseRow {
  network: string
  address: string
  /** `null` when a crash has torn the lease. */
  containerId: string | null
  /** `null` in leases of old versions. */
  ifName: string | null
  /** ISO 8601. */
  since: string
  namespace: Backing
}

const header = ['NETWORK', 'ADDRESS', 'CONTAINER', 'INTERFACE', 'AGE', 'NAMESPACE'] as const

/** The table that is printed, a line a lease, columns as wide as they need to be. */
export function formatLeases(rows: readonly LeaseRow[], now: Date): string {
  const cells = rows.map(({ network, address, containerId, ifName, since, namespace }) => [
    network,
    address,
    containerId ?? '-',
    ifName ?? '-',
    formatAge(now.getTime() - Date.parse(since)),
    namespace,
  ])
  const table = [[...header], ...cells]
  const widths = header.map((_, column) => Math.max(...table.map((line) => line[column]?.length ?? 0)))
  return table.map((line) => `${formatLine(line, widths)}\n`).join('')
}

function formatLine(line: readonly string[], widths: readonly number[]): string {
  return line
    .map((cell, column) => cell.padEnd(widths[column] ?? 0))
    .join('  ')
    .trimEnd()
}

const units = [
  ['d', 86_400],
  ['h', 3600],
  ['m', 60],
] as const

/** The largest whole unit: `3d`, `5h`, `12m`, `40s`. */
export function formatAge(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000))
  for (const [unit, length] of units) if (seconds >= length) return `${Math.floor(seconds / length)}${unit}`
  return `${seconds}s`
}
