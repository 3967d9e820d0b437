import type { TestEvent } from './run-tests.ts'
import { countOf } from './test-counts.ts'

/** Outcomes of a group, or of several. */
export interface Tally {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
  /** What single tests tried that try many things. */
  readonly cases: number
}

export function tally(events: readonly TestEvent[]): Tally {
  const count = (kind: TestEvent['kind']): number => events.filter((event) => event.kind === kind).length
  const { cases } = countOf(events)
  return { passed: count('pass'), failed: count('fail'), skipped: count('skip'), cases }
}

/** `kernel       40 passed, 1 failed       3.2 s` */
export function groupLine(name: string, counts: Tally, milliseconds: number): string {
  const parts = [`${counts.passed} passed`]
  if (counts.failed > 0) parts.push(`${counts.failed} failed`)
  if (counts.skipped > 0) parts.push(`${counts.skipped} skipped`)
  if (counts.cases > 0) parts.push(`${counts.cases} cases`)
  return `${name.padEnd(12)} ${parts.join(', ').padEnd(36)} ${(milliseconds / 1000).toFixed(1)} s`
}

/** Failures with their errors, then what the files that failed wrote. */
export function failureReport(events: readonly TestEvent[]): string {
  const failed = new Set(events.filter(({ kind }) => kind === 'fail').map(({ file }) => file))
  return events
    .filter(({ file }) => failed.has(file))
    .flatMap(describeEvent)
    .join('\n')
}

function describeEvent(event: TestEvent): string[] {
  const { file } = event
  if (event.kind === 'fail') return [`  ✖ ${title(file, event.name)}`, indent(event.detail)]
  if (event.kind === 'output') return [`  ${file} wrote:`, indent(event.text.slice(-4000))]
  return []
}

export function title(file: string, name: string): string {
  return name === '' ? file : `${file} › ${name}`
}

function indent(text: string): string {
  return text.trimEnd().replace(/^/gm, '      ')
}

/** Tests that a file skipped for the same reason: by name, or when they are many, by number. */
export function skipped(events: readonly TestEvent[]): { what: string; reason: string; count: number }[] {
  const groups = new Map<string, (TestEvent & { kind: 'skip' })[]>()
  for (const event of events) {
    if (event.kind !== 'skip') continue
    const key = `${event.file} ${event.reason}`
    groups.set(key, [...(groups.get(key) ?? []), event])
  }
  return [...groups.values()].flatMap((group) =>
    group.length > 3
      ? group
          .slice(0, 1)
          .map(({ file, reason }) => ({ what: `${file}, ${group.length} tests`, reason, count: group.length }))
      : group.map(({ file, name, reason }) => ({ what: title(file, name), reason, count: 1 })),
  )
}
