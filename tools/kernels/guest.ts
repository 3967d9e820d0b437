import { appendFileSync, readFileSync } from 'node:fs'
import { release } from 'node:os'
import { type Capability, type KernelFeature, probeKernel } from '../capabilities.ts'
import { inParallel, runFiles } from '../run-files.ts'
import { endMark } from '../run-tests.ts'
import { type ClockReport, wrongClock } from './guest-clock.ts'

/** What tests are to run on another kernel, and how. */
export interface GuestJob {
  readonly root: string
  readonly grep?: string | undefined
  readonly features: readonly KernelFeature[]
  /** Files with the seconds after which each is taken to hang. */
  readonly limits: Readonly<Record<string, number>>
}

/** What the other side sees first. */
export interface GuestReport {
  readonly kind: 'kernel'
  readonly release: string
  /** What the kernel has of the features. */
  readonly capabilities: readonly Capability[]
}

/** Runs on the other kernel: reads a job and writes events, as they come, to a file that both sides see. */
async function main(jobFile = '', eventsFile = ''): Promise<void> {
  const { root, grep, features, limits }: GuestJob = JSON.parse(readFileSync(jobFile, 'utf8'))
  const write = (line: string): void => appendFileSync(eventsFile, `${line}\n`)
  const factor = wrongClock()
  if (factor !== undefined) return write(JSON.stringify({ kind: 'clock', factor } satisfies ClockReport))
  const report: GuestReport = { kind: 'kernel', release: release(), capabilities: probeKernel(features) }
  write(JSON.stringify(report))
  const limitOf = (source: string): number => limits[source] ?? 0
  await inParallel(Object.keys(limits), async (source) => {
    for (const event of await runFiles({ root, namespaces: 'own', grep, limitOf }, [source]))
      write(JSON.stringify(event))
  })
  write(endMark)
}

await main(...process.argv.slice(2))
