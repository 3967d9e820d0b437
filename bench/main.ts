import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { workspaceRoot } from '#tools/repository'
import { Bench } from './bench.ts'
import { chart } from './chart.ts'
import { LaneProcess } from './lane-process.ts'
import { readMachine } from './machine.ts'
import { type Surroundings, Watch } from './noise.ts'
import { ownPlugins, type Settings, settingsOf } from './options.ts'
import { type Findings, reportOf } from './report.ts'
import type { Row } from './statistics.ts'
import { dataPathLanes, dataPathLists, measureTransfers } from './transfers.ts'
import { Turns } from './turns.ts'
import { usage } from './usage.ts'

/** How long packets are counted each time. */
const SECONDS = 2

async function main(): Promise<void> {
  const surrounding = { own: ownPlugins(workspaceRoot()), reference: process.env['PATCHBAY_REFERENCE'] }
  const settings = settingsOf(process.argv.slice(2), surrounding)
  if (settings === undefined) return console.log(usage)
  if (settings.dataPath.length > 0 && spawnSync('iperf3', ['--version']).status !== 0)
    throw new Error('Cannot measure the data path: there is no iperf3; install it')
  const watch = new Watch(readMachine())
  await watch.pause()
  const calls = await timeCalls(settings, watch)
  const transfers = settings.dataPath.length > 0 ? await transfersOf(settings) : undefined
  await watch.pause()
  const compared = settings.lanes.filter(({ name, served }) => name !== settings.base && served !== 'in one process')
  publish(settings, {
    rows: [...calls.rows, ...(transfers?.rows ?? [])],
    failures: [...calls.failures, ...(transfers?.failures ?? [])],
    lanes: settings.lanes.map(({ name }) => name),
    compared: compared.map(({ name }) => name),
    base: settings.base,
    surroundings: watch.end(
      emptyProcess(
        calls.rows,
        settings.lanes.map(({ name }) => name),
      ),
    ),
    bars: settings.bars,
  })
}

type Measured = Pick<Findings, 'rows' | 'failures'>

async function timeCalls({ lanes: options, lists, numbers }: Settings, watch: Watch): Promise<Measured> {
  const lanes = options.map((lane) => new LaneProcess(lane))
  try {
    const bench = new Bench(lanes, () => watch.pause())
    await bench.run(lists, numbers)
    return bench
  } finally {
    for (const lane of lanes) lane.close()
  }
}

/** In other processes than calls are timed in: containers that stay would make these slower. */
async function transfersOf({ lanes: options, lists: all, numbers, dataPath }: Settings): Promise<Measured> {
  const lists = dataPathLists(all)
  const lanes = dataPathLanes(options.map((lane) => ({ options: lane }))).map(
    (lane) => new LaneProcess({ ...lane.options, lists }),
  )
  try {
    const turns = new Turns(lanes)
    await measureTransfers(turns, lists, { attached: dataPath, rounds: numbers.groupRounds, seconds: SECONDS })
    return turns
  } finally {
    for (const lane of lanes) lane.close()
  }
}

/** Of the lane that was asked first; they are all the same program. */
function emptyProcess(rows: readonly Row[], lanes: readonly string[]): Surroundings['emptyProcess'] {
  const median = (name: string) => {
    const row = rows.find((each) => each.name === name)
    return lanes.map((lane) => row?.lanes[lane]?.p50).find((value) => value !== undefined)
  }
  const [before, after] = [median('start of process'), median('at the end, start of process')]
  return before === undefined || after === undefined ? undefined : { before, after }
}

function publish({ strict, json, svg }: Settings, findings: Findings): void {
  const report = reportOf(findings)
  console.log(report.text)
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(report.json, null, 2)}\n`)
  const { rows, compared, base } = findings
  if (svg !== undefined && base !== undefined) writeFileSync(svg, chart(drawn(rows, base), compared, base))
  const isMissed = report.judged.some(({ verdict }) => verdict === 'missed')
  if (findings.failures.length > 0 || (strict && isMissed)) process.exitCode = 1
}

function drawn(rows: readonly Row[], base: string): Row[] {
  return rows.filter(({ name, lanes }) => / (ADD|DEL|VERSION)$/.test(name) && lanes[base])
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
})
