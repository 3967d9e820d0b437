import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Implementation, reference, withoutReference } from '../lab/implementation.ts'
import type { Case } from './case.ts'
import { page, readDifferences } from './documented.ts'
import { subjects } from './subjects.ts'
import { openMachines, tryCase } from './trial.ts'

/** Where tests note which documented differences they have seen, for the test that looks for entries that nobody sees. */
const records = new URL('../../../dist/differences/', import.meta.url)

export const isWhole = process.env['PATCHBAY_TEST_WHOLE'] !== undefined

/** A sample is the same each time, so that what fails is due to a change; all of them begin anywhere. */
const cases = isWhole ? 350 : 15
const sampleSeed = 1
/** A smaller case is looked for so often. */
const shrinkings = 40

/** Differences that a run has seen. */
export interface SeenRecord {
  /** Of the text of the page; another page has other entries. */
  readonly page: string
  readonly ids: readonly string[]
}

/**
 * A test that a plugin does what the reference's does, except where docs/differences.md says so, whatever the configuration and
 * the calls. `PATCHBAY_TEST_SEED` is where it begins: a seed, or what a failure says.
 */
export function sameInEveryCase(plugin: string): void {
  if (!reference) {
    test(`${plugin}: generated configurations`, { skip: withoutReference })
    return
  }
  const other = reference
  test(`${plugin}: generated configurations`, async (t) => {
    const seen = new Set<string>()
    const { seed, path } = beginning()
    t.diagnostic(`PATCHBAY_TEST_SEED=${seed}`)
    const details = await fc.check(propertyOf(plugin, other, seen), { seed, path, numRuns: cases })
    t.diagnostic(`${details.numRuns} cases`)
    if (details.failed) throw explained(details)
    writeRecord(plugin, seen)
  })
}

function propertyOf(plugin: string, other: Implementation, seen: Set<string>) {
  const arbitrary = subjects[plugin]
  if (arbitrary === undefined) throw new RangeError(`Cannot try "${plugin}": there is no such subject`)
  const differences = readDifferences()
  let failures = 0
  let attempts = 0
  return fc.asyncProperty(arbitrary, async (tried) => {
    // Every attempt takes seconds.
    if (failures > 0 && attempts++ > shrinkings) return
    using machines = await openMachines(tried, other)
    const { unexpected, documented } = tryCase(tried, machines, differences)
    for (const id of documented) seen.add(id)
    if (unexpected.length === 0) return
    failures++
    throw new Error(unexpected.join('\n'))
  })
}

/** `SEED`, or `SEED:PATH` to the smallest case that fails. */
function beginning(): { seed: number; path: string } {
  const fresh = isWhole ? Date.now() % 2 ** 31 : sampleSeed
  const [seed = '', ...path] = (process.env['PATCHBAY_TEST_SEED'] ?? String(fresh)).split(':')
  return { seed: Number(seed), path: path.join(':') }
}

function explained({ seed, counterexamplePath, counterexample, errorInstance }: fc.RunDetails<[Case]>): Error {
  const [smallest] = counterexample ?? []
  const reason = errorInstance instanceof Error ? errorInstance.message : String(errorInstance)
  return new Error(
    `${reason}\n\nPATCHBAY_TEST_SEED=${seed}:${counterexamplePath} tries it again:\n${JSON.stringify(smallest, undefined, 2)}`,
  )
}

function writeRecord(plugin: string, seen: ReadonlySet<string>): void {
  const record: SeenRecord = { page: pageHash(), ids: [...seen].sort() }
  mkdirSync(records, { recursive: true })
  writeFileSync(recordOf(plugin), JSON.stringify(record))
}

/** What a test of that name has seen in its last run. */
export function readRecord(name: string): SeenRecord {
  return JSON.parse(readFileSync(recordOf(name), 'utf8'))
}

function recordOf(name: string): URL {
  return new URL(`${name}.json`, records)
}

export function pageHash(): string {
  return createHash('sha256').update(readFileSync(page)).digest('hex')
}
