import type { IP } from '@patchbay/address'
import type { Namespace } from '@patchbay/linux/netns'
import { ping } from '@patchbay/linux/packet'
import { dialEcho } from './echo-server.ts'
import type { Journal } from './journal.ts'
import { versions } from './network.ts'
import { glyphsOf, paint, type Terminal } from './terminal.ts'

const PING_TIMEOUT_MS = 3000
const NAME_WIDTH = 20
const CELL_WIDTH = 14

/** One pair to try: from a namespace to the addresses of something. */
export interface Path {
  readonly from: string
  readonly netns: Namespace
  readonly to: string
  readonly addresses: readonly IP[]
}

interface Probe {
  readonly title: string
  readonly version: 4 | 6
  run(netns: Namespace, to: IP): Promise<number>
}

async function pingOnce(netns: Namespace, to: IP): Promise<number> {
  const [time = 0] = await ping({ netns, to, timeoutMs: PING_TIMEOUT_MS })
  return time
}

const allProbes: readonly Probe[] = [
  { title: 'ping IPv4', version: 4, run: pingOnce },
  { title: 'ping IPv6', version: 6, run: pingOnce },
  { title: 'TCP IPv4', version: 4, run: dialEcho },
  { title: 'TCP IPv6', version: 6, run: dialEcho },
]

const probes = allProbes.filter(({ version }) => versions.includes(version))

/** Tries every path by every means, one after another, prints the times as a table and counts each. */
export async function tryPaths(paths: readonly Path[], journal: Journal, terminal: Terminal): Promise<void> {
  const { arrow } = glyphsOf(terminal)
  const longest = Math.max(...paths.map(({ from }) => from.length))
  const titles = probes.map(({ title }) => title.padStart(CELL_WIDTH)).join('')
  journal.line(paint(terminal, 'dim', `${'round trips'.padEnd(NAME_WIDTH)}${titles}`))
  const failures: string[] = []
  for (const { from, netns, to, addresses } of paths) {
    const name = `${from.padEnd(longest)} ${arrow} ${to}`
    const cells: string[] = []
    for (const probe of probes) {
      const outcome = await attempt(probe, netns, addresses)
      journal.count(typeof outcome === 'number')
      if (typeof outcome === 'string') failures.push(`${name}, ${probe.title}: ${outcome}`)
      cells.push(cell(outcome, terminal))
    }
    journal.line(`${name.padEnd(NAME_WIDTH)}${cells.join('')}`)
  }
  for (const failure of failures) journal.line(paint(terminal, 'red', failure))
}

/** Milliseconds, or why there was no answer. */
async function attempt(probe: Probe, netns: Namespace, addresses: readonly IP[]): Promise<number | string> {
  const to = addresses.find(({ family }) => family === probe.version)
  if (to === undefined) return `no IPv${probe.version} address`
  try {
    return await probe.run(netns, to)
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

function cell(outcome: number | string, terminal: Terminal): string {
  if (typeof outcome === 'string') return paint(terminal, 'red', 'failed'.padStart(CELL_WIDTH))
  return `${outcome.toFixed(2)} ms`.padStart(CELL_WIDTH)
}
