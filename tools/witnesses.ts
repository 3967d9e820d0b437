import { type Capability, type Program, probeProgram, probeReference, programs } from './capabilities.ts'
import { findKernel } from './kernels/kernel-files.ts'
import type { Kernel } from './kernels/kernels.ts'
import { installObstacle, provide } from './provide.ts'
import type { Repository } from './repository.ts'
import { needsOf, referencePlugins } from './test-needs.ts'
import type { TestGroup } from './test-selection.ts'

/** Files with the names of what they ask besides the kernel. */
export type Needs = ReadonlyMap<string, ReadonlySet<string>>

/** What the files of the groups that ask more than Node need, here and on other machines. */
export function needsOfSelection(repository: Repository, selected: ReadonlyMap<TestGroup, readonly string[]>): Needs {
  const needs = new Map<string, ReadonlySet<string>>()
  for (const [{ namespaces, programs: more = [], isForArm64 = false }, sources] of selected) {
    if (namespaces !== 'own' && namespaces !== 'elsewhere' && !isForArm64) continue
    for (const file of sources) needs.set(file, new Set([...(isForArm64 ? [] : needsOf(repository, file)), ...more]))
  }
  return needs
}

/**
 * Gets what files need and this machine lacks, where that is possible; says why where it is not.
 *
 * @param chosen kernels that they run on
 */
export async function provideWitnesses(needs: Needs, root: string, chosen: readonly Kernel[]): Promise<void> {
  const wanted = new Set([...needs.values()].flatMap((names) => [...names]))
  const missing = programs.filter((program) => wanted.has(program.name) && !probeProgram(program).present)
  const reference = wanted.has(referencePlugins) && !probeReference(root).present && !process.env['PATCHBAY_REFERENCE']
  const kernels = chosen.filter((kernel) => findKernel(root, kernel) === undefined)
  if (missing.length === 0 && !reference && kernels.length === 0) return
  const obstacle = installObstacle()
  if (obstacle === undefined) return provide({ programs: missing, reference, kernels }, root)
  console.log(`Nothing is installed: ${obstacle}`)
}

/** Files that cannot run, by what they lack. */
export function leftOut(needs: Needs, capabilities: readonly Capability[]): Map<string, readonly string[]> {
  const missing = new Set(capabilities.filter(({ present }) => !present).map(({ name }) => name))
  const files = new Map<string, string[]>()
  for (const [file, names] of needs) {
    // Tests that compare with the reference plugins are skipped one by one: the others of their file run.
    const lacks = [...names].filter((name) => missing.has(name) && name !== referencePlugins).join(', ')
    if (lacks !== '') files.set(lacks, [...(files.get(lacks) ?? []), file])
  }
  return files
}

/** What did not run and how to get what it needs, as text; empty when nothing was left out. */
export function leftOutReport(files: ReadonlyMap<string, readonly string[]>): string {
  if (files.size === 0) return ''
  const lines = [...files].map(([lacks, names]) => `left out, for lack of ${lacks}: ${names.join(' ')}`)
  const lacking = new Set([...files.keys()].flatMap((key) => key.split(', ')))
  const owners = programs.filter(({ name }) => lacking.has(name)).map(packageOf)
  const advice = `To run them, install the Debian packages ${[...new Set(owners)].join(', ')}; as root on Debian, npm test does it`
  return [...lines, advice].join('\n')
}

function packageOf({ package: owner }: Program): string {
  return owner.replaceAll(' ', ', ')
}
