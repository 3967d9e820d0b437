import { existsSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { chains } from './bench/cases.ts'
import { chart } from './bench/chart.ts'
import { LaneProcess } from './bench/lane-process.ts'
import type { LaneOptions, Order, Times } from './bench/protocol.ts'
import { formatRows, type Row, rowsOf, type Sample } from './bench/statistics.ts'
import { workspaceRoot } from './repository.ts'

const usage = `npm run bench -- [--reference DIR] [--rounds N] [--chains A,B] [--parallel N] [--attachments N] [--leases N,N]
                 [--json FILE] [--svg FILE]

Times lists of plugins as a runtime runs them, each plugin as a whole process from its start to its end: through the
daemon, without it, and with a directory of other plugins (PATCHBAY_REFERENCE otherwise), all in turn in one run, each
in namespaces of its own. "In one process" is the floor: the same plugins called where all code is warm and nothing is
started; "kernel" is what its system calls take of that.

  --rounds N       how often each list is attached and detached one at a time (30)
  --chains A,B     which lists (all); --chains help lists them
  --parallel N     how many containers are attached and then detached 16 and 64 at a time (128; 0 leaves it out)
  --attachments N  the same once more with so many containers attached (0: leaves it out; the reference needs minutes)
  --leases N,N     the plain bridge once more with so many addresses leased to others (1000,10000,30000; 0 leaves it out)
  --json FILE      all figures, in milliseconds
  --svg FILE       a chart of the ratios`

const options = {
  reference: { type: 'string' },
  rounds: { type: 'string', default: '30' },
  chains: { type: 'string' },
  parallel: { type: 'string', default: '128' },
  attachments: { type: 'string', default: '0' },
  leases: { type: 'string', default: '1000,10000,30000' },
  json: { type: 'string' },
  svg: { type: 'string' },
  help: { type: 'boolean' },
} as const

interface Numbers extends Readonly<Record<'rounds' | 'parallel' | 'attachments', number>> {
  readonly leases: readonly number[]
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options })
  if (values.help) return console.log(usage)
  const numbers: Numbers = {
    rounds: count('rounds', values.rounds),
    parallel: count('parallel', values.parallel),
    attachments: count('attachments', values.attachments),
    leases: values.leases.split(',').map((text) => count('leases', text)),
  }
  const lanes = lanesOf(values.reference).map((lane) => new LaneProcess(lane))
  try {
    const bench = new Bench(lanes)
    await bench.run(chainsOf(values.chains), numbers)
    report(bench, values)
  } finally {
    for (const lane of lanes) lane.close()
  }
}

class Bench {
  readonly lanes: readonly LaneProcess[]
  readonly #samples: Sample[] = []

  constructor(lanes: readonly LaneProcess[]) {
    this.lanes = lanes
  }

  get rows(): Row[] {
    return rowsOf(this.#samples)
  }

  async run(names: readonly string[], { rounds, parallel, attachments, leases }: Numbers): Promise<void> {
    await this.#rounds(rounds, { do: 'empty process' }, 'start of')
    await this.#rounds(rounds, { do: 'version' }, 'bridge')
    for (const chain of names) await this.#chain(chain, rounds)
    const ends = ['bridge', 'bridge+masquerade+portmap+firewall'].filter((name) => names.includes(name))
    for (const width of parallel > 0 ? [16, 64] : [])
      for (const chain of ends)
        await this.#rounds(1, { do: 'parallel', chain, width, count: parallel }, `${chain}, ${width} at a time,`)
    for (const number of leases.filter((each) => each > 0))
      await this.#beside({ do: 'leases', count: number }, `${number} leases`, ['bridge'], rounds)
    const full = 'ptp+masquerade+portmap+firewall'
    if (attachments > 0)
      await this.#beside({ do: 'attach', chain: full, count: attachments }, `${attachments} attached`, [full], rounds)
    await this.#rounds(1, { do: 'memory' }, 'daemon')
  }

  /** Once without being counted: what is made once on a host, and what the machine has not read yet. */
  async #chain(chain: string, rounds: number, note = ''): Promise<void> {
    for (const lane of this.lanes) await lane.run({ do: 'once', chain })
    await this.#rounds(rounds, { do: 'once', chain }, `${chain}${note}`)
  }

  async #beside(order: Order, note: string, names: readonly string[], rounds: number): Promise<void> {
    for (const lane of this.lanes) await lane.run(order)
    for (const chain of names) await this.#chain(chain, rounds, `, ${note},`)
  }

  /** In turn within each round: whatever else the machine does meets all lanes alike. */
  async #rounds(rounds: number, order: Order, name: string): Promise<void> {
    for (let round = 0; round < rounds; round++)
      for (const lane of this.lanes) this.#note(lane.name, name, await lane.run(order))
  }

  #note(lane: string, name: string, times: Times): void {
    for (const [what, milliseconds] of Object.entries(times)) {
      if (milliseconds > 0) this.#samples.push({ row: `${name} ${what}`, lane, milliseconds })
    }
  }
}

function report(bench: Bench, { json, svg }: { json?: string | undefined; svg?: string | undefined }): void {
  const { rows } = bench
  const lanes = bench.lanes.map(({ name }) => name)
  const base = lanes.includes('reference') ? 'reference' : undefined
  console.log(`milliseconds, median and 95th percentile; RSS in MiB\n\n${formatRows(rows, lanes, base)}`)
  if (json !== undefined) writeFileSync(json, `${JSON.stringify({ lanes, rows }, null, 2)}\n`)
  if (svg === undefined) return
  if (base === undefined) throw new Error('Cannot draw ratios: there is no reference to compare with; give --reference')
  const compared = rows.filter(({ name }) => / (ADD|DEL|VERSION)$/.test(name))
  writeFileSync(svg, chart(compared, ['daemon', 'one-shot'], base))
}

function count(name: string, text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 0) throw new Error(`Cannot use --${name} "${text}": not a whole number`)
  return value
}

function chainsOf(text: string | undefined): string[] {
  const all = chains.map(({ name }) => name)
  if (text === undefined) return all
  const names = text.split(',')
  const unknown = names.find((name) => !all.includes(name))
  if (unknown !== undefined) throw new Error(`Cannot time "${unknown}": the chains are ${all.join(', ')}`)
  return names
}

function lanesOf(reference = process.env['PATCHBAY_REFERENCE']): LaneOptions[] {
  const own = join(workspaceRoot(), 'dist', 'cni', 'bin')
  const all: LaneOptions[] = [
    { name: 'daemon', directory: own, served: 'by a daemon' },
    { name: 'one-shot', directory: own, served: 'by themselves' },
    { name: 'in one process', directory: own, served: 'in one process' },
    ...(reference ? [{ name: 'reference', directory: resolve(reference), served: 'by themselves' } as const] : []),
  ]
  for (const { name, directory } of all)
    if (!existsSync(join(directory, 'bridge'))) throw new Error(`Cannot time "${name}": no plugins in "${directory}"`)
  return all
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
})
