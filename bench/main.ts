import { existsSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { workspaceRoot } from '#tools/repository'
import { Bench, type Numbers } from './bench.ts'
import { chains } from './cases.ts'
import { chart } from './chart.ts'
import { LaneProcess } from './lane-process.ts'
import type { LaneOptions } from './protocol.ts'
import { formatRows, type Row } from './statistics.ts'

const usage = `npm run bench -- [--reference DIR] [--rounds N] [--warm-up N] [--chains A,B] [--parallel N] [--storm N]
                 [--attachments N] [--attachments-own N] [--leases N,N] [--json FILE] [--svg FILE]

Times lists of plugins as a runtime runs them, each plugin as a whole process from its start to its end: through the
daemon, without it, and with a directory of other plugins (PATCHBAY_REFERENCE otherwise), all in turn in one run, each
in namespaces of its own. "In one process" is the floor: the same plugins called where all code is warm and nothing is
started; "kernel" is what its system calls take of that.

A daemon serves a node for weeks, so that it is timed as one that has served calls before: see --warm-up. What one takes
that has just been started is the row "first calls": the first 10 ADDs and DELs of the run, before anything is warm.

"First packet" is the time from the start of ADD until the container has an answer from beyond its gateway.

  --rounds N           how often each list is attached and detached one at a time (30)
  --warm-up N          how often before that, without being counted, the first time a list is timed: through the daemon
                       and in one process N times, where each call is a new process 10 times at most (600)
  --chains A,B         which lists (all)
  --parallel N         how many containers are attached and then detached 16 and 64 at a time (128; 0 leaves it out)
  --storm N            so many ADDs of bridge with host-local started at once, then as many DELs: the time of all of
                       them, and, as root on a machine whose control groups count memory, the MiB that their processes
                       took at most together, and the daemon has taken at most (0: leaves it out; the reference's
                       processes need several GB for 2000)
  --attachments N      the list with ptp once more with so many containers attached (0: leaves it out; the reference
                       needs minutes)
  --attachments-own N  the same without the other plugins, which need hours for thousands; more than --attachments
                       (0: leaves it out)
  --leases N,N         the plain bridge once more with so many addresses leased to others (1000,10000,30000; 0 leaves
                       it out)
  --json FILE          all figures, in milliseconds, or MiB where the name of the row ends so
  --svg FILE           a chart of the ratios`

const options = {
  reference: { type: 'string' },
  rounds: { type: 'string', default: '30' },
  'warm-up': { type: 'string', default: '600' },
  chains: { type: 'string' },
  parallel: { type: 'string', default: '128' },
  storm: { type: 'string', default: '0' },
  attachments: { type: 'string', default: '0' },
  'attachments-own': { type: 'string', default: '0' },
  leases: { type: 'string', default: '1000,10000,30000' },
  json: { type: 'string' },
  svg: { type: 'string' },
  help: { type: 'boolean' },
} as const

async function main(): Promise<void> {
  const { values } = parseArgs({ options })
  if (values.help) return console.log(usage)
  const numbers: Numbers = {
    rounds: count('rounds', values.rounds),
    warmUp: count('warm-up', values['warm-up']),
    parallel: count('parallel', values.parallel),
    storm: count('storm', values.storm),
    attachments: count('attachments', values.attachments),
    attachmentsOwn: count('attachments-own', values['attachments-own']),
    leases: values.leases.split(',').map((text) => count('leases', text)),
  }
  const { attachments, attachmentsOwn } = numbers
  if (attachmentsOwn > 0 && attachmentsOwn <= attachments)
    throw new Error(`Cannot use --attachments-own ${attachmentsOwn}: no more than --attachments ${attachments}`)
  const lanes = lanesOf(values.reference).map((lane) => new LaneProcess(lane))
  try {
    const bench = new Bench(lanes)
    await bench.run(chainsOf(values.chains), numbers)
    report(
      bench.rows,
      lanes.map(({ options }) => options.name),
      values,
    )
  } finally {
    for (const lane of lanes) lane.close()
  }
}

function report(
  rows: readonly Row[],
  lanes: readonly string[],
  { json, svg }: { json?: string | undefined; svg?: string | undefined },
): void {
  const base = lanes.includes('reference') ? 'reference' : undefined
  console.log(`milliseconds, median and 95th percentile; MiB where a row says so\n\n${formatRows(rows, lanes, base)}`)
  if (json !== undefined) writeFileSync(json, `${JSON.stringify({ lanes, rows }, null, 2)}\n`)
  if (svg === undefined) return
  if (base === undefined) throw new Error('Cannot draw ratios: there is no reference to compare with; give --reference')
  const compared = rows.filter(({ name, times }) => / (ADD|DEL|VERSION)$/.test(name) && times[base])
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
    { name: 'daemon', directory: own, own: true, served: 'by a daemon' },
    { name: 'one-shot', directory: own, own: true, served: 'by themselves' },
    { name: 'in one process', directory: own, own: true, served: 'in one process' },
    ...(reference
      ? [{ name: 'reference', directory: resolve(reference), own: false, served: 'by themselves' } as const]
      : []),
  ]
  for (const { name, directory } of all)
    if (!existsSync(join(directory, 'bridge'))) throw new Error(`Cannot time "${name}": no plugins in "${directory}"`)
  return all
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
})
