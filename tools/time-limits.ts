import type { Repository } from './repository.ts'
import type { TestEvent } from './run-tests.ts'

const durationsFile = 'tools/test-durations.json'
/** What a file may take on a good day before it must be listed, in seconds. */
const usual = 30
/** Machines differ threefold, and what else runs on them does more. */
const patience = 10

/** Seconds that files take on a good day, those that take longer than is usual. */
export type Durations = Readonly<Record<string, number>>

export function readDurations(repository: Repository): Durations {
  return repository.files.includes(durationsFile) ? JSON.parse(repository.read(durationsFile)) : {}
}

/** Seconds after which a file is taken to hang: ten times what it takes on a good day. */
export function timeLimit(durations: Durations, file: string): number {
  return patience * (durations[file] ?? usual)
}

/** The files that took longest, as a line; empty when none took more than a few seconds. */
export function slowestFiles(events: readonly TestEvent[]): string {
  const times = events.flatMap((event) => (event.kind === 'time' && event.seconds >= 5 ? [event] : []))
  const slowest = times.sort((a, b) => b.seconds - a.seconds).slice(0, 5)
  if (slowest.length === 0) return ''
  return `slowest: ${slowest.map(({ file, seconds }) => `${file} ${seconds.toFixed(0)} s`).join(', ')}`
}
