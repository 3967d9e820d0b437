import { architectures, ownArchitecture } from './kernels/architectures.ts'
import type { Repository } from './repository.ts'

/** Tests that run together. */
export interface TestGroup {
  readonly name: string
  /** Sources that belong to it. */
  readonly sources: RegExp
  /** Whether its files run as root in fresh namespaces: all in the same, or each in its own, here or on other kernels. */
  readonly namespaces: 'none' | 'shared' | 'own' | 'elsewhere'
  /** What all its files need besides what their sources show. */
  readonly programs?: readonly string[]
  /** Whether it tries executables for arm64, on a machine that it starts itself; only its programs are asked here. */
  readonly isForArm64?: boolean
}

/** What runs another kernel with this machine's files. */
const machinePrograms = [architectures[ownArchitecture].emulator, 'modprobe', 'cc']
/** What makes executables for arm64 and runs them. */
const arm64Programs = ['aarch64-linux-gnu-gcc', 'qemu-aarch64', architectures.arm64.emulator, 'modprobe']

/** In the order they run: fast ones first. */
export const testGroups: readonly TestGroup[] = [
  { name: 'unit', sources: /^packages\/[^/]+\/test\/.*\.test\.ts$/, namespaces: 'shared' },
  { name: 'tools', sources: /^(?:tools|bench|demo)\/test\/.*\.test\.ts$/, namespaces: 'none' },
  { name: 'kernel', sources: /^test\/kernel\/.*\.test\.ts$/, namespaces: 'own' },
  { name: 'conformance', sources: /^test\/conformance\/.*\.test\.ts$/, namespaces: 'own' },
  { name: 'differential', sources: /^test\/differential\/[^/]+\.test\.ts$/, namespaces: 'own' },
  // What the group before has noted.
  { name: 'differences', sources: /^test\/differential\/afterwards\/.*\.test\.ts$/, namespaces: 'none' },
  { name: 'faults', sources: /^test\/faults\/.*\.test\.ts$/, namespaces: 'own' },
  {
    name: 'kernels',
    sources: /^test\/kernels\/.*\.test\.ts$/,
    namespaces: 'elsewhere',
    programs: machinePrograms,
  },
  {
    name: 'arm64',
    sources: /^test\/arm64\/.*\.test\.ts$/,
    namespaces: 'none',
    programs: arm64Programs,
    isForArm64: true,
  },
  { name: 'promises', sources: /^test\/promises\/.*\.test\.ts$/, namespaces: 'own' },
]

export interface Selection {
  /** Names of groups; all when empty. */
  readonly groups: readonly string[]
  /** Sources, built files or folders; all when empty. */
  readonly paths: readonly string[]
}

/** The groups with the sources to run, without those that nothing was selected from. */
export function selectTests(repository: Repository, { groups, paths }: Selection): Map<TestGroup, readonly string[]> {
  const unknown = groups.find((name) => !testGroups.some((group) => group.name === name))
  if (unknown !== undefined) {
    const known = testGroups.map(({ name }) => name).join(', ')
    throw new RangeError(`Cannot run the tests "${unknown}": the groups are ${known}`)
  }
  const wanted = paths.map(sourceOf)
  const nowhere = wanted.findIndex((path) => !repository.files.some((file) => isIn(file, path)))
  if (nowhere >= 0) throw new RangeError(`Cannot run "${paths[nowhere]}": no such file in the repository`)
  const selected = new Map<TestGroup, readonly string[]>()
  for (const group of testGroups) {
    if (groups.length > 0 && !groups.includes(group.name)) continue
    const files = repository.files.filter((file) => group.sources.test(file))
    const chosen = wanted.length === 0 ? files : files.filter((file) => wanted.some((path) => isIn(file, path)))
    if (chosen.length > 0) selected.set(group, chosen)
  }
  return selected
}

/** What of a selection can run on other kernels, to be run there. */
export function elsewhere(selected: ReadonlyMap<TestGroup, readonly string[]>): Map<TestGroup, readonly string[]> {
  const able = [...selected].filter(([{ namespaces }]) => namespaces === 'own' || namespaces === 'elsewhere')
  return new Map(
    able.map(([group, sources]) => [{ ...group, namespaces: 'elsewhere', programs: machinePrograms }, sources]),
  )
}

/** `test/kernel/a.test.ts` → `test/dist/kernel/a.test.js`; the lists come from sources, so that no stale build runs. */
export function builtFile(file: string): string {
  const project = /^(?:packages\/[^/]+|tools|bench|demo|test)(?=\/)/.exec(file)?.[0] ?? ''
  return `${project}/dist${file.slice(project.length).replace(/\.ts$/, '.js')}`
}

function sourceOf(path: string): string {
  return path
    .replace(/^\.\//, '')
    .replace(/\/$/, '')
    .replace(/(^|\/)dist\//, '$1')
    .replace(/\.js$/, '.ts')
}

function isIn(file: string, path: string): boolean {
  return file === path || file.startsWith(`${path}/`)
}
