import assert from 'node:assert/strict'
import { test } from 'node:test'
import { differenceOf, readDifferences } from '../differential/documented.ts'
import { type Implementation, patchbay, reference, withoutReference } from '../lab/implementation.ts'
import { Scene, type SceneOptions } from '../lab/scene.ts'
import type { Json, JsonObject } from '../lab/witness.ts'

/** Calls plugins and looks at what they did; the same for every implementation. */
export type Scenario = (scene: Scene) => Promise<void> | void

export interface DifferentialOptions extends SceneOptions {
  /** Lines of {@link differences} that may be there, besides those that docs/differences.md describes. */
  allowed?: readonly RegExp[]
}

/**
 * A test that what Patchbay's executables print and do is what the reference plugins do: every reply to the byte and the
 * whole network of host and containers, each implementation on a machine of its own.
 */
export function sameAsReference(name: string, scenario: Scenario, options: DifferentialOptions = {}): void {
  testWithReference(name, async (reference) => {
    const ours = await observe(patchbay, scenario, options)
    const theirs = await observe(reference, scenario, options)
    const unexpected = ours.flatMap((each, index) => {
      const of = isBranch(each) && !Array.isArray(each) ? each : {}
      const lines = differences(each, theirs[index]).filter((line) => !isDocumented(line, of))
      return lines.map((line) => `${index}: ${line}`)
    })
    const allowed = options.allowed ?? []
    assert.equal(unexpected.filter((line) => !allowed.some((pattern) => pattern.test(line))).join('\n'), '')
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

const documented = readDifferences().filter(({ parts, afterFailure }) => !parts && !afterFailure)

/** The state of a machine is seen after calls of several plugins. */
function isDocumented(line: string, { plugin, command = '' }: JsonObject): boolean {
  const of = { command: String(command), ...(plugin !== undefined && { plugin: String(plugin) }) }
  return differenceOf(line, documented, of) !== undefined
}

/** Where two observations differ, as docs/differences.md writes it: `NAME: ours VALUE, reference VALUE`, a line each. */
export function differences(ours: Json | undefined, theirs: Json | undefined, path: readonly string[] = []): string[] {
  if (!isBranch(ours) || !isBranch(theirs) || Array.isArray(ours) !== Array.isArray(theirs) || isAddress(ours))
    return JSON.stringify(ours) === JSON.stringify(theirs)
      ? []
      : [`${nameOf(path)}: ours ${shown(ours, path)}, reference ${shown(theirs, path)}`]
  const [a, b] = [new Map(Object.entries(ours)), new Map(Object.entries(theirs))]
  return [...new Set([...a.keys(), ...b.keys()])].flatMap((key) =>
    differences(a.get(key), b.get(key), [...path, labelOf(key, a.get(key) ?? b.get(key))]),
  )
}

function isBranch(value: Json | undefined): value is Json[] | JsonObject {
  return typeof value === 'object' && value !== null
}

function isAddress(value: Json[] | JsonObject): boolean {
  return !Array.isArray(value) && value['local'] !== undefined
}

/** Links and addresses of a list by their names; everything else by its place. */
function labelOf(key: string, value: Json | undefined): string {
  if (!isBranch(value) || Array.isArray(value)) return key
  if (value['local'] !== undefined) return `address local ${value['local']} prefixlen ${value['prefixlen']}`
  return value['ifname'] === undefined ? key : `link ${value['ifname']}`
}

const lists = new Set(['namespaces', 'links', 'addr_info'])

function nameOf(path: readonly string[]): string {
  const [first] = path
  if (first === 'status' || first === 'stdout' || first === 'error') return `reply: ${path.join('/')}`
  return path
    .filter((part) => !lists.has(part))
    .map((part) => part.replace(/^(sysctls|routes)$/, (list) => list.slice(0, -1)))
    .join(': ')
    .replace(/: (sysctl|route): /, ': $1 ')
}

/** In a reply texts have quotes. */
function shown(value: Json | undefined, [first]: readonly string[]): string {
  if (value === undefined) return 'nothing'
  return typeof value === 'string' && first !== 'error' && first !== 'stdout' ? value : JSON.stringify(value)
}
