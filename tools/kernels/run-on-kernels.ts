import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Capability, KernelFeature } from '../capabilities.ts'
import { workspaceRoot } from '../repository.ts'
import { type FileRun, failure, parseEvents } from '../run-files.ts'
import type { TestEvent } from '../run-tests.ts'
import type { GuestJob, GuestReport } from './guest.ts'
import type { ClockReport } from './guest-clock.ts'
import { findKernel, type KernelFiles } from './kernel-files.ts'
import { type Kernel, nameOf, wholeVariable } from './kernels.ts'
import { contentOf, quoted, runOnMachine } from './machine.ts'

/** Without a processor that helps, a kernel is several times slower. */
const SLOWNESS = 4
/** How often a machine is started whose clock is wrong: that happens where others use the processors as well. */
const ATTEMPTS = 4
/** Seconds that a machine may take to begin and to end. */
const BOOT_LIMIT = 180

/** Tests for other kernels. */
export interface KernelRun extends FileRun {
  readonly features: readonly KernelFeature[]
  /** Whether no other kernel runs meanwhile. */
  readonly isAlone: boolean
}

/** What became of tests on one kernel. */
export interface KernelOutcome {
  /** The files say which kernel they ran on. */
  readonly events: readonly TestEvent[]
  /** What of the features the kernel has; nothing when it never came to run. */
  readonly capabilities: readonly Capability[]
}

/** Runs built files on a kernel that has been downloaded, all of them on one machine. */
export async function runOnKernel(run: KernelRun, kernel: Kernel, sources: readonly string[]): Promise<KernelOutcome> {
  const on = (event: TestEvent): TestEvent => ({ ...event, file: `${event.file} on Linux ${kernel.version}` })
  const files = findKernel(run.root, kernel)
  if (files === undefined) {
    const detail = `Cannot run on Linux ${kernel.version}: it is not in dist/kernels, where npm test downloads it to`
    return { events: sources.map((source) => on(failure(source, detail))), capabilities: [] }
  }
  const lines = await linesOf(run, files, sources)
  const isReport = (line: string): boolean => line.startsWith('{"kind":"kernel"')
  const report = lines.find(isReport)
  const { capabilities }: Pick<GuestReport, 'capabilities'> = report ? JSON.parse(report) : { capabilities: [] }
  const events = parseEvents(lines.filter((line) => !isReport(line)).join('\n'), sources)
  return { events: events.map(on), capabilities }
}

/** A machine whose clock is wrong is started again. */
async function linesOf(run: KernelRun, kernel: KernelFiles, sources: readonly string[]): Promise<string[]> {
  for (let attempt = 1; ; attempt++) {
    const lines = (await runJob(run, kernel, sources)).split('\n')
    const report = lines.find((line) => line.startsWith('{"kind":"clock"'))
    if (report === undefined || attempt === ATTEMPTS) return lines
    const { factor }: ClockReport = JSON.parse(report)
    console.log(`Linux ${kernel.release} has a clock that runs ${factor.toFixed(1)} times as fast: started again`)
  }
}

/** What tests find in their environment. */
function variables(): string[] {
  const reference = process.env['PATCHBAY_REFERENCE']
  return [`PATCHBAY_TEST_SLOWNESS=${SLOWNESS}`, ...(reference ? [`PATCHBAY_REFERENCE=${reference}`] : [])]
}

async function runJob(run: KernelRun, kernel: KernelFiles, sources: readonly string[]): Promise<string> {
  const limits = Object.fromEntries(sources.map((source) => [source, SLOWNESS * run.limitOf(source)]))
  const job: GuestJob = {
    root: run.root,
    features: run.features,
    limits,
    ...(run.grep !== undefined && { grep: run.grep }),
  }
  const guest = join(workspaceRoot(), 'tools/dist/kernels/guest.js')
  return runOnMachine({
    kernel,
    root: run.root,
    processors: run.isAlone ? 2 : 1,
    limit: BOOT_LIMIT + Object.values(limits).reduce((sum, limit) => sum + limit, 0),
    script(shared) {
      writeFileSync(join(shared, 'job'), JSON.stringify(job))
      const words = [process.execPath, '--enable-source-maps', guest, join(shared, 'job'), join(shared, 'events')]
      return `export ${variables().map(quoted).join(' ')}\ncd ${quoted(run.root)}\n${words.map(quoted).join(' ')}`
    },
    // What the kernel said last explains why there is no end.
    read: (shared, console) => `${console.slice(-4000)}\n${contentOf(join(shared, 'events'))}`,
  })
}

/** What of the features that tests may need a kernel lacks, as a line. */
export function lacksLine({ version }: Kernel, capabilities: readonly Capability[]): string {
  const lacks = capabilities.flatMap(({ name, present }) => (present ? [] : [name.replace(/^kernel /, '')]))
  if (capabilities.length === 0) return `Linux ${version} did not come to run`
  return `Linux ${version} lacks ${lacks.length > 0 ? lacks.join(', ') : 'nothing that tests look for'}`
}

/** The kernels that tests did not run on, and how to have them run there. */
export function notRunLines(kernels: { absent: readonly Kernel[]; left: readonly Kernel[] }): string[] {
  const names = (each: readonly Kernel[]): string => each.map(nameOf).join(', ')
  const lines: string[] = []
  if (kernels.absent.length > 0)
    lines.push(`left out, for lack of a download: Linux ${names(kernels.absent)}; as root on Debian, npm test does it`)
  if (kernels.left.length > 0)
    lines.push(`not run on Linux ${names(kernels.left)}: --whole or ${wholeVariable}=1 runs all, --kernel VERSION one`)
  return lines
}
