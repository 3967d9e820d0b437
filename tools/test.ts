import { spawn } from 'node:child_process'
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
import { openRepository, type Repository, workspaceRoot } from './repository.ts'
import { endMark, type TestEvent } from './run-tests.ts'
import { canUnshare, sandboxCommand } from './sandbox.ts'
import { failureReport, groupLine, tally, title } from './test-report.ts'
import { builtFile, selectTests, type TestGroup } from './test-selection.ts'

const concurrency = 2
const featuresFile = join(workspaceRoot(), 'tools/kernel-features.json')
const runner = join(workspaceRoot(), 'tools/dist/run-tests.js')
const usage = `npm test -- [--only GROUP]... [--grep PATTERN] [FILE or FOLDER]...`

interface Run {
  readonly repository: Repository
  readonly grep: string | undefined
  readonly ci: boolean
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
      help: { type: 'boolean' },
      // Another checkout than the one this tool belongs to.
      root: { type: 'string', default: workspaceRoot() },
    },
    allowPositionals: true,
  })
  if (values.help) return console.log(usage)
  const repository = openRepository(values.root)
  const selected = selectTests(repository, { groups: values.only ?? [], paths: positionals })
  const run: Run = { repository, grep: values.grep, ci: process.env['CI'] === 'true' }
  const verdict: Verdict = { passed: 0, failed: 0 }
  const capabilities = [...selected.keys()].some(({ namespaces }) => namespaces === 'own')
    ? showCapabilities(run, verdict)
    : []
  const events: TestEvent[] = []
  const obstacle = obstacleIn(capabilities)
  for (const [group, sources] of selected) {
    if (group.namespaces === 'own' && obstacle) console.log(`${group.name.padEnd(12)} not run: ${obstacle}`)
    else events.push(...(await runGroup(run, group, sources)))
  }
  const { passed, failed } = tally(events)
  verdict.passed += passed
  verdict.failed += failed
  showSkipped(run, events, capabilities, verdict)
  if (passed + failed === 0) {
    console.log('No test was run: nothing matches what was asked for')
    verdict.failed++
  }
  console.log(`${verdict.passed} passed, ${verdict.failed} failed`)
  process.exitCode = verdict.failed > 0 ? 1 : 0
}

function showCapabilities({ ci }: Run, verdict: Verdict): Capability[] {
  const features: readonly KernelFeature[] = JSON.parse(readFileSync(featuresFile, 'utf8'))
  const capabilities = probeCapabilities(features)
  console.log(`This machine\n${formatCapabilities(capabilities)}`)
  const missing = capabilities.filter(({ present, required }) => required && !present)
  if (missing.length > 0) {
    const names = missing.map(({ name }) => name).join(', ')
    console.log(`Missing: ${names}. ${ci ? 'Each counts as a failure.' : 'Tests of the kernel are not run.'}`)
    if (ci) verdict.failed += missing.length
  }
  return capabilities
}

/** Lists what did not run; under CI, only the lack of a kernel feature is an excuse. */
function showSkipped(
  { ci }: Run,
  events: readonly TestEvent[],
  capabilities: readonly Capability[],
  verdict: Verdict,
): void {
  for (const event of events) {
    if (event.kind !== 'skip') continue
    const excused = excusesSkip(event.reason, capabilities)
    if (ci && !excused) verdict.failed++
    const note = ci && !excused ? ' (counts as a failure: this is no feature that this kernel lacks)' : ''
    console.log(`skipped: ${title(event.file, event.name)}: ${event.reason}${note}`)
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
async function runFiles({ repository, grep }: Run, group: TestGroup, sources: readonly string[]): Promise<TestEvent[]> {
  const { root } = repository
  const built = new Map(sources.map((source) => [join(root, builtFile(source)), source]))
  const filter = grep === undefined ? [] : ['--grep', grep]
  const program = [process.execPath, '--enable-source-maps', runner, ...filter, ...built.keys()]
  const [command = '', ...args] = inNamespaces(group) ? sandboxCommand(program) : program
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  const child = spawn(command, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  for await (const chunk of child.stdout.setEncoding('utf8')) output += chunk
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
