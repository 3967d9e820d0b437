import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Repository } from './repository.ts'
import type { TestEvent } from './run-tests.ts'

const countsFile = 'tools/test-counts.json'

/** How much a group tries. */
export interface Count {
  readonly tests: number
  /** What tests tried that try many things, each by the number that it told: `t.diagnostic('40 cases')`. */
  readonly cases: number
}

/** The least that each group is to try, by its name. */
export type Counts = Readonly<Record<string, Count>>

export function readCounts(repository: Repository): Counts {
  return repository.files.includes(countsFile) ? JSON.parse(repository.read(countsFile)) : {}
}

/** Makes these counts the least; groups that are not among them keep theirs. */
export function writeCounts(repository: Repository, counts: Counts): void {
  const all = { ...readCounts(repository), ...counts }
  writeFileSync(join(repository.root, countsFile), `${JSON.stringify(all, null, 2)}\n`)
}

/** What was tried. A test that is skipped is one that is there: elsewhere it runs. */
export function countOf(events: readonly TestEvent[]): Count {
  const tests = events.filter(({ kind }) => kind === 'pass' || kind === 'fail' || kind === 'skip').length
  const cases = events.reduce((sum, event) => sum + (event.kind === 'cases' ? event.count : 0), 0)
  return { tests, cases }
}

/** Says what of a group is missing; `undefined` when it tried as much as it is to try, or nothing says how much. */
export function shortfall(group: string, count: Count, counts: Counts): string | undefined {
  const least = counts[group] ?? { tests: 0, cases: 0 }
  const missing = (['tests', 'cases'] as const).filter((what) => count[what] < least[what])
  if (missing.length === 0) return undefined
  const numbers = missing.map((what) => `${count[what]} ${what} instead of ${least[what]}`).join(', ')
  return `${group} has shrunk: ${numbers}; where that is meant, npm test -- --write-counts notes it in ${countsFile}`
}
