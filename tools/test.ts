import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import {
  type Capability,
  excusesSkip,
  formatCapabilities,
  type KernelFeature,
  obstacleIn,
  probeCapabilities,
} from './capabilities.ts'
import { findKernel } from './kernels/kernel-files.ts'
import { arm64Kernel, chooseKernels, type Kernel, type KernelChoice, wholeVariable } from './kernels/kernels.ts'
import { lacksLine, notRunLines, runOnKernel } from './kernels/run-on-kernels.ts'
import { openRepository, type Repository, workspaceRoot } from './repository.ts'
import { type FileRun, failure, inParallel, runFiles } from './run-files.ts'
import type { TestEvent } from './run-tests.ts'
import { type Counts, countOf, readCounts, shortfall, writeCounts } from './test-counts.ts'
import { referencePlugins } from './test-needs.ts'
import { failureReport, groupLine, skipped, tally } from './test-report.ts'
import { builtFile, elsewhere, type Selection, selectTests, type TestGroup } from './test-selection.ts'
import { type Durations, readDurations, slowestFiles, timeLimit } from './time-limits.ts'
import { leftOut, leftOutReport, type Needs, needsOfSelection, provideWitnesses } from './witnesses.ts'

const featuresFile = join(workspaceRoot(), 'tools/kernel-features.json')
const usage = `npm test -- [--only GROUP]... [--grep PATTERN] [--kernel VERSION]... [--whole] [--no-install] [--write-counts] [FILE or FOLDER]...`

const options = {
  only: { type: 'string', multiple: true },
  grep: { type: 'string' },
  kernel: { type: 'string', multiple: true },
  whole: { type: 'boolean', default: Boolean(process.env[wholeVariable]) },
  'write-counts': { type: 'boolean', default: false },
  'no-install': { type: 'boolean', default: false },
  help: { type: 'boolean' },
  // Another checkout than the one this tool belongs to.
  root: { type: 'string', default: workspaceRoot() },
} as const

interface Run {
  readonly repository: Repository
  /** Names of groups; all when empty. */
  readonly groups: readonly string[]
  /** Files and folders; all when empty. */
  readonly paths: readonly string[]
  readonly grep: string | undefined
  readonly ci: boolean
  readonly durations: Durations
  readonly kernels: KernelChoice
}

/** What became of tests, and what the machine that they ran on has. */
interface Outcome {
  readonly group: string
  readonly events: readonly TestEvent[]
  readonly capabilities: readonly Capability[]
}

/** What the last line says. */
interface Verdict {
  passed: number
  failed: number
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({ options, allowPositionals: true })
  if (values.help) return console.log(usage)
  const { only = [], kernel: named = [] } = values
  const repository = openRepository(values.root)
  const selected = select(repository, { groups: only, paths: positionals, kernels: named })
  const run: Run = {
    repository,
    groups: only,
    paths: positionals,
    grep: values.grep,
    ci: process.env['CI'] === 'true',
    durations: readDurations(repository),
    kernels: chooseKernels(named, { whole: values.whole }),
  }
  const verdict: Verdict = { passed: 0, failed: 0 }
  const needs = needsOfSelection(repository, selected)
  if (!values['no-install']) await provideWitnesses(needs, repository.root, kernelsFor(run, [...selected.keys()]))
  const capabilities = needs.size > 0 ? showCapabilities(run, needs, verdict) : []
  useReference(capabilities)
  const absent = leftOut(needs, capabilities)
  const outcomes = await runGroups(run, selected, { obstacle: obstacleIn(capabilities), absent, capabilities })
  if (isWhole(run) && values['write-counts']) writeCounts(repository, countsOf(outcomes))
  conclude(run, outcomes, absent, verdict)
}

/** Whether everything of the groups was asked for. */
function isWhole({ grep, paths, kernels }: Run): boolean {
  return grep === undefined && paths.length === 0 && !kernels.isNamed
}

/** Says what came of it all; the last line counts. */
function conclude(run: Run, outcomes: readonly Outcome[], absent: Absent, verdict: Verdict): void {
  const events = outcomes.flatMap((outcome) => outcome.events)
  const { passed, failed } = tally(events)
  verdict.passed += passed
  verdict.failed += failed
  for (const outcome of outcomes) showSkipped(run, outcome, verdict)
  // What a machine cannot run has not shrunk, except that under CI it has to be able to.
  if (isWhole(run) && (run.ci || absent.size === 0)) judgeCounts(run, outcomes, verdict)
  for (const line of [slowestFiles(events), leftOutReport(absent)].filter((text) => text !== '')) console.log(line)
  if (passed + failed === 0) {
    console.log('No test was run: nothing matches what was asked for')
    verdict.failed++
  }
  console.log(`${verdict.passed} passed, ${verdict.failed} failed`)
  process.exitCode = verdict.failed > 0 ? 1 : 0
}

/** What groups run on besides this machine's kernel. */
function kernelsFor({ kernels }: Run, groups: readonly TestGroup[]): readonly Kernel[] {
  const isElsewhere = groups.some(({ namespaces }) => namespaces === 'elsewhere')
  const isForArm64 = groups.some((group) => group.isForArm64)
  return [...(isElsewhere ? kernels.chosen : []), ...(isForArm64 ? [arm64Kernel] : [])]
}

/** What was asked for; with a kernel by name, only what can run elsewhere, and by default what is there for that. */
function select(
  repository: Repository,
  { kernels, ...selection }: Selection & { readonly kernels: readonly string[] },
) {
  if (kernels.length === 0) return selectTests(repository, selection)
  const isOpen = selection.groups.length === 0 && selection.paths.length === 0
  return elsewhere(selectTests(repository, isOpen ? { groups: ['kernels'], paths: [] } : selection))
}

function showCapabilities({ repository, ci }: Run, needs: Needs, verdict: Verdict): Capability[] {
  const capabilities = probeCapabilities(features(), repository.root)
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

function features(): readonly KernelFeature[] {
  return JSON.parse(readFileSync(featuresFile, 'utf8'))
}

/** Tests look for the reference plugins where this variable says. */
function useReference(capabilities: readonly Capability[]): void {
  const reference = capabilities.find(({ name, present }) => name === referencePlugins && present)
  if (reference !== undefined) process.env['PATCHBAY_REFERENCE'] = reference.detail
}

/** Files that cannot run, by what they lack. */
type Absent = ReadonlyMap<string, readonly string[]>

interface Lack {
  /** Why no test of the kernel can run. */
  readonly obstacle: string | undefined
  readonly absent: Absent
  readonly capabilities: readonly Capability[]
}

async function runGroups(
  run: Run,
  selected: ReadonlyMap<TestGroup, readonly string[]>,
  { obstacle, absent, capabilities }: Lack,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  const without = new Set([...absent.values()].flat())
  for (const [group, sources] of selected) {
    const possible = sources.filter((file) => !without.has(file))
    if (group.namespaces === 'own' && obstacle) console.log(`${group.name.padEnd(12)} not run: ${obstacle}`)
    else if (possible.length > 0 && group.namespaces === 'elsewhere')
      outcomes.push(...(await runElsewhere(run, group, possible)))
    else if (possible.length > 0)
      outcomes.push({
        group: group.name,
        events: await (group.isForArm64 ? runForArm64 : runGroup)(run, group, possible),
        capabilities,
      })
  }
  return outcomes
}

function countsOf(outcomes: readonly Outcome[]): Counts {
  return Object.fromEntries(outcomes.map(({ group, events }) => [group, countOf(events)]))
}

/** A sample that becomes smaller, or a file that no longer declares its tests, is a failure. */
function judgeCounts({ repository, groups, ci }: Run, outcomes: readonly Outcome[], verdict: Verdict): void {
  const least = readCounts(repository)
  const expected = groups.length > 0 ? groups : Object.keys(least)
  const lost = ci ? expected.filter((name) => outcomes.every(({ group }) => group !== name)) : []
  // On several kernels, a group has to be whole on each.
  const ran = outcomes.filter(({ events }) => ci || events.length > 0)
  for (const { group, events } of [...ran, ...lost.map((name) => ({ group: name, events: [] }))]) {
    const complaint = shortfall(group, countOf(events), least)
    if (complaint === undefined) continue
    console.log(complaint)
    verdict.failed++
  }
}

/** Lists what did not run; under CI, only the lack of a kernel feature is an excuse. */
function showSkipped({ ci }: Run, { events, capabilities }: Outcome, verdict: Verdict): void {
  for (const { what, reason, count } of skipped(events)) {
    const excused = excusesSkip(reason, capabilities)
    if (ci && !excused) verdict.failed += count
    const note = ci && !excused ? ' (counts as a failure: this is no feature that this kernel lacks)' : ''
    console.log(`skipped: ${what}: ${reason}${note}`)
  }
}

async function runGroup(run: Run, group: TestGroup, sources: readonly string[]): Promise<TestEvent[]> {
  const started = performance.now()
  const { built, missing } = sortOut(run, sources)
  const events = [...(await runFiles(fileRun(run, group), built)), ...missing]
  show(group.name, events, started)
  return events
}

/** Runs a group that tries executables for arm64, once they have been built. */
async function runForArm64(run: Run, group: TestGroup, sources: readonly string[]): Promise<TestEvent[]> {
  const { root } = run.repository
  if (!run.ci && findKernel(root, arm64Kernel) === undefined) {
    for (const line of notRunLines({ absent: [arm64Kernel], left: [] })) console.log(line)
    return []
  }
  const started = performance.now()
  const build = [join(root, 'tools/bootstrap.mjs'), 'build', '--target', 'arm64']
  const { status } = spawnSync(process.execPath, build, { stdio: 'inherit' })
  if (status === 0) return runGroup(run, group, sources)
  const events = sources.map((source) => failure(source, 'Cannot build for arm64: see above'))
  show(group.name, events, started)
  return events
}

/** Runs a group on each of the kernels of this run. */
async function runElsewhere(run: Run, group: TestGroup, sources: readonly string[]): Promise<Outcome[]> {
  const { built, missing } = sortOut(run, sources)
  const { chosen, left, isNamed } = run.kernels
  const isThere = (kernel: Kernel): boolean => findKernel(run.repository.root, kernel) !== undefined
  // One that somebody asks for by name, and any under CI, fails when it is not there.
  const possible = chosen.filter((kernel) => run.ci || isNamed || isThere(kernel))
  const outcomes = await inParallel(built.length > 0 ? possible : [], async (kernel): Promise<Outcome> => {
    const started = performance.now()
    const kernelRun = { ...fileRun(run, group), features: features(), isAlone: possible.length === 1 }
    const { events, capabilities } = await runOnKernel(kernelRun, kernel, built)
    show(`${group.name} ${kernel.version}`, events, started)
    console.log(lacksLine(kernel, capabilities))
    return { group: group.name, events, capabilities }
  })
  const absent = chosen.filter((kernel) => !possible.includes(kernel))
  for (const line of notRunLines({ absent, left })) console.log(line)
  return missing.length === 0 ? outcomes : [...outcomes, { group: group.name, events: missing, capabilities: [] }]
}

function fileRun({ repository, grep, durations }: Run, { namespaces }: TestGroup): FileRun {
  return { root: repository.root, namespaces, grep, limitOf: (source) => timeLimit(durations, source) }
}

/** Sources that can run, and a failure for each that cannot. */
function sortOut({ repository }: Run, sources: readonly string[]): { built: string[]; missing: TestEvent[] } {
  const isBuilt = (source: string): boolean => existsSync(join(repository.root, builtFile(source)))
  const missing = sources
    .filter((source) => !isBuilt(source))
    .map((file) => failure(file, 'is not built: npm run build says why'))
  return { built: sources.filter(isBuilt), missing }
}

function show(name: string, events: readonly TestEvent[], started: number): void {
  console.log(groupLine(name, tally(events), performance.now() - started))
  const report = failureReport(events)
  if (report !== '') console.log(report)
}

/** A word that the command line does not know gets an answer; anything else is a defect and shows its stack. */
function explain(error: unknown): void {
  const misspelt = error instanceof RangeError || (error instanceof TypeError && 'code' in error)
  if (!misspelt) throw error
  console.error(`${error.message}\n${usage}`)
  process.exitCode = 1
}

await main().catch(explain)
