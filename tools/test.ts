import { existsSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { parseArgs } from 'node:util'
import {
  type Capability,
  excusesSkip,
  formatCapabilities,
  type KernelFeature,
  obstacleIn,
  probeCapabilities,
} from './capabilities.ts'
import { outputOfGroup } from './own-group.ts'
import { openRepository, type Repository, workspaceRoot } from './repository.ts'
import { endMark, type TestEvent } from './run-tests.ts'
import { canUnshare, sandboxCommand } from './sandbox.ts'
import { referencePlugins } from './test-needs.ts'
import { failureReport, groupLine, skipped, tally } from './test-report.ts'
import { builtFile, selectTests, type TestGroup } from './test-selection.ts'
import { type Durations, readDurations, slowestFiles, timeLimit } from './time-limits.ts'
import { leftOut, leftOutReport, type Needs, needsOfSelection, provideWitnesses } from './witnesses.ts'

const concurrency = 2
const featuresFile = join(workspaceRoot(), 'tools/kernel-features.json')
const runner = join(workspaceRoot(), 'tools/dist/run-tests.js')
const usage = `npm test -- [--only GROUP]... [--grep PATTERN] [--no-install] [FILE or FOLDER]...`

interface Run {
  readonly repository: Repository
  readonly grep: string | undefined
  readonly ci: boolean
  readonly durations: Durations
}

/** What the last line says. */
interface Verdict {
  passed: number
  failed: number
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: {
      only: { type: 'string', multiple: true },
      grep: { type: 'string' },
      'no-install': { type: 'boolean', default: false },
      help: { type: 'boolean' },
      // Another checkout than the one this tool belongs to.
      root: { type: 'string', default: workspaceRoot() },
    },
    allowPositionals: true,
  })
  if (values.help) return console.log(usage)
  const repository = openRepository(values.root)
  const selected = selectTests(repository, { groups: values.only ?? [], paths: positionals })
  const run: Run = {
    repository,
    grep: values.grep,
    ci: process.env['CI'] === 'true',
    durations: readDurations(repository),
  }
  const verdict: Verdict = { passed: 0, failed: 0 }
  const needs = needsOfSelection(repository, selected)
  if (!values['no-install']) await provideWitnesses(needs, repository.root)
  const capabilities = needs.size > 0 ? showCapabilities(run, needs, verdict) : []
  useReference(capabilities)
  const absent = leftOut(needs, capabilities)
  const events = await runGroups(run, selected, { obstacle: obstacleIn(capabilities), absent })
  const { passed, failed } = tally(events)
  verdict.passed += passed
  verdict.failed += failed
  showSkipped(run, events, capabilities, verdict)
  for (const line of [slowestFiles(events), leftOutReport(absent)].filter((text) => text !== '')) console.log(line)
  if (passed + failed === 0) {
    console.log('No test was run: nothing matches what was asked for')
    verdict.failed++
  }
  console.log(`${verdict.passed} passed, ${verdict.failed} failed`)
  process.exitCode = verdict.failed > 0 ? 1 : 0
}

function showCapabilities({ repository, ci }: Run, needs: Needs, verdict: Verdict): Capability[] {
  const features: readonly KernelFeature[] = JSON.parse(readFileSync(featuresFile, 'utf8'))
  const capabilities = probeCapabilities(features, repository.root)
  console.log(`This machine\n${formatCapabilities(capabilities)}`)
  const asked = new Set([...needs.values()].flatMap((names) => [...names]))
  const missing = capabilities.filter(
    ({ name, present, required, witness }) => !present && (witness ? asked.has(name) : required),
  )
  if (missing.length > 0) {
    const names = missing.map(({ name }) => name).join(', ')
    console.log(`Missing: ${names}. ${ci ? 'Each counts as a failure.' : 'Tests that need it are left out.'}`)
    if (ci) verdict.failed += missing.length
  }
  return capabilities
}

/** Tests look for the reference plugins where this variable says. */
function useReference(capabilities: readonly Capability[]): void {
  const reference = capabilities.find(({ name, present }) => name === referencePlugins && present)
  if (reference !== undefined) process.env['PATCHBAY_REFERENCE'] = reference.detail
}

interface Lack {
  /** Why no test of the kernel can run. */
  readonly obstacle: string | undefined
  /** Files that cannot run, by what they lack. */
  readonly absent: ReadonlyMap<string, readonly string[]>
}

async function runGroups(
  run: Run,
  selected: ReadonlyMap<TestGroup, readonly string[]>,
  { obstacle, absent }: Lack,
): Promise<TestEvent[]> {
  const events: TestEvent[] = []
  const without = new Set([...absent.values()].flat())
  for (const [group, sources] of selected) {
    const possible = sources.filter((file) => !without.has(file))
    if (group.namespaces === 'own' && obstacle) console.log(`${group.name.padEnd(12)} not run: ${obstacle}`)
    else if (possible.length > 0) events.push(...(await runGroup(run, group, possible)))
  }
  return events
}

/** Lists what did not run; under CI, only the lack of a kernel feature is an excuse. */
function showSkipped(
  { ci }: Run,
  events: readonly TestEvent[],
  capabilities: readonly Capability[],
  verdict: Verdict,
): void {
  for (const { what, reason, count } of skipped(events)) {
    const excused = excusesSkip(reason, capabilities)
    if (ci && !excused) verdict.failed += count
    const note = ci && !excused ? ' (counts as a failure: this is no feature that this kernel lacks)' : ''
    console.log(`skipped: ${what}: ${reason}${note}`)
  }
}

async function runGroup(run: Run, group: TestGroup, sources: readonly string[]): Promise<TestEvent[]> {
  const started = performance.now()
  const isBuilt = (source: string): boolean => existsSync(join(run.repository.root, builtFile(source)))
  const built = sources.filter(isBuilt)
  const missing = sources.filter((source) => !isBuilt(source))
  const batches =
    group.namespaces === 'own' ? built.map((source) => [source]) : [built].filter(({ length }) => length > 0)
  const results = await inParallel(batches, (batch) => runFiles(run, group, batch))
  const events = [...results.flat(), ...missing.map((file) => failure(file, 'is not built: npm run build says why'))]
  console.log(groupLine(group.name, tally(events), performance.now() - started))
  const report = failureReport(events)
  if (report !== '') console.log(report)
  return events
}

function failure(file: string, detail: string): TestEvent {
  return { kind: 'fail', file, name: '', detail }
}

async function inParallel<T, R>(values: readonly T[], work: (value: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  const queue = values.entries()
  const worker = async (): Promise<void> => {
    for (const [index, value] of queue) results[index] = await work(value)
  }
  await Promise.all(Array.from({ length: concurrency }, worker))
  return results
}

/** Runs files in one process of `run-tests`; the events name the sources. */
async function runFiles(
  { repository, grep, durations }: Run,
  group: TestGroup,
  sources: readonly string[],
): Promise<TestEvent[]> {
  const { root } = repository
  const built = new Map(sources.map((source) => [join(root, builtFile(source)), source]))
  const filter = grep === undefined ? [] : ['--grep', grep]
  const limits = sources.flatMap((source) => ['--limit', String(timeLimit(durations, source))])
  const program = [process.execPath, '--enable-source-maps', runner, ...filter, ...limits, ...built.keys()]
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  // A file that is ended by its limit leaves its servers behind.
  const output = await outputOfGroup(inNamespaces(group) ? sandboxCommand(program) : program, { cwd: root, env })
  return parseEvents(output, sources).map((event) => {
    // A test that a function of another module declares is reported in that module; of one file we know better.
    const file = sources.length === 1 ? sources[0] : (built.get(event.file) ?? relative(root, event.file))
    return { ...event, file: file ?? event.file }
  })
}

/** Tests of the packages need no kernel for the most part: without the right to namespaces they run as they are. */
function inNamespaces({ namespaces }: TestGroup): boolean {
  return namespaces === 'own' || (namespaces === 'shared' && canUnshare())
}

/** What a runner printed; when it did not come to its end, that is a failure of the files it was given. */
function parseEvents(output: string, sources: readonly string[]): TestEvent[] {
  const lines = output.split('\n').filter((line) => line !== '')
  const events: TestEvent[] = lines.filter((line) => line.startsWith('{"kind"')).map((line) => JSON.parse(line))
  if (lines.at(-1) === endMark) return events.slice(0, -1)
  const rest = lines.filter((line) => !line.startsWith('{"kind"')).join('\n')
  return [
    ...events,
    ...sources.map((source) => failure(source, `Cannot run the file to its end: ${rest || 'the runner died'}`)),
  ]
}

/** A word that the command line does not know gets an answer; anything else is a defect and shows its stack. */
function explain(error: unknown): void {
  const misspelt = error instanceof RangeError || (error instanceof TypeError && 'code' in error)
  if (!misspelt) throw error
  console.error(`${error.message}\n${usage}`)
  process.exitCode = 1
}

await main().catch(explain)
