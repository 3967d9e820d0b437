import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Implementation, patchbay, reference, withoutReference } from '../lab/implementation.ts'
import { Scene, type SceneOptions } from '../lab/scene.ts'
import type { Json } from '../lab/witness.ts'

/** Calls plugins and looks at what they did; the same for every implementation. */
export type Scenario = (scene: Scene) => Promise<void> | void

export interface DifferentialOptions extends SceneOptions {
  /** Documented differences: lines of {@link differences} that may be there. */
  allowed?: readonly RegExp[]
}

/**
 * Differences that no test is about: our host ends have the transmit queue length that the kernel gives them, those of
 * the reference none; our errors say in `details` what lies beneath; and some say more.
 */
const documented: readonly RegExp[] = [
  // Which boot the leases are of: docs/plugins/host-local.md.
  /\/files\/\S*\/\.patchbay\.boot: ".*", reference undefined$/,
  /\/links\/\d+\/txqlen: 1000, reference undefined$/,
  // Nobody looks for duplicates of a gateway where nobody else is: docs/plugins/bridge.md, docs/plugins/ptp.md.
  /\/host\/links\/\d+\/addr_info\/\d+\/nodad: true, reference undefined$/,
  /\/error\/details: ".*", reference undefined$/,
  message('failed to lookup master ".+": (Link not found)', '\\1'),
  message('failed to load netconf: (.+)', 'failed to load netConf: \\1'),
  message('(could not parse prevResult: .+)', 'failed to parse prevResult: \\1'),
  message('failed to open netns ".+": (.+)', '\\1'),
  message('failed to open netns ".+": (.+)', 'failed to open netns %!q\\(<nil>\\): \\1'),
  message('CNI version 0.1.0 (does not support .+)', 'CNI version  \\1'),
]

/** A line of {@link differences} about error texts that match these patterns. */
function message(ours: string, theirs: string): RegExp {
  const quoted = (pattern: string) => pattern.replaceAll('"', '\\\\"')
  return new RegExp(`/error/msg: "${quoted(ours)}", reference "${quoted(theirs)}"$`)
}

/**
 * A test that what Patchbay's executables print and do is what the reference plugins do: every reply to the byte and the
 * whole network of host and containers, each implementation on a machine of its own.
 */
export function sameAsReference(name: string, scenario: Scenario, options: DifferentialOptions = {}): void {
  testWithReference(name, async (reference) => {
    const patterns = [...documented, ...(options.allowed ?? [])]
    const ours = await observe(patchbay, scenario, options)
    const theirs = await observe(reference, scenario, options)
    const unexpected = differences(ours, theirs).filter((line) => !patterns.some((pattern) => pattern.test(line)))
    assert.equal(unexpected.join('\n'), '')
  })
}

/**
 * A test of a documented difference: `judge` gets what was seen of both implementations and asserts what is right for
 * one and what the other does.
 */
export function unlikeReference<T>(
  name: string,
  scenario: (scene: Scene) => Promise<T> | T,
  options: SceneOptions & { judge: (ours: T, theirs: T) => void },
): void {
  testWithReference(name, async (reference) => {
    using ours = await Scene.open(patchbay, options)
    using theirs = await Scene.open(reference, options)
    options.judge(await scenario(ours), await scenario(theirs))
  })
}

let isSkipSaid = false

/** Without the reference a whole file is skipped, which is said once. */
function testWithReference(name: string, run: (reference: Implementation) => Promise<void>): void {
  if (reference) {
    const found = reference
    test(name, () => run(found))
  } else if (!isSkipSaid) {
    isSkipSaid = true
    test('compared with the reference plugins', { skip: withoutReference })
  }
}

async function observe(implementation: Implementation, scenario: Scenario, options: SceneOptions): Promise<Json[]> {
  using scene = await Scene.open(implementation, options)
  await scenario(scene)
  return scene.observed()
}

/** Where two values differ: `PATH: OURS, reference THEIRS`, a line each. */
export function differences(ours: Json | undefined, theirs: Json | undefined, path = ''): string[] {
  if (!isBranch(ours) || !isBranch(theirs) || Array.isArray(ours) !== Array.isArray(theirs))
    return JSON.stringify(ours) === JSON.stringify(theirs)
      ? []
      : [`${path}: ${JSON.stringify(ours)}, reference ${JSON.stringify(theirs)}`]
  const [a, b] = [new Map(Object.entries(ours)), new Map(Object.entries(theirs))]
  return [...new Set([...a.keys(), ...b.keys()])].flatMap((key) =>
    differences(a.get(key), b.get(key), `${path}/${key}`),
  )
}

function isBranch(value: Json | undefined): value is Json[] | { [key: string]: Json } {
  return typeof value === 'object' && value !== null
}
