import { isBuiltin } from 'node:module'
import { posix } from 'node:path'
import type { Repository } from './repository.ts'

/** One package of the workspace. */
export interface WorkspacePackage {
  readonly name: string
  /** `packages/linux` */
  readonly folder: string
  /** What its sources may import at run time. */
  readonly dependencies: ReadonlySet<string>
  /** `./netlink` → `packages/linux/src/netlink/index.ts` */
  readonly exports: ReadonlyMap<string, string>
}

/** What an import names. */
export type Target =
  | { readonly kind: 'builtin'; readonly name: string }
  | { readonly kind: 'relative'; readonly file: string }
  | { readonly kind: 'workspace'; readonly owner: WorkspacePackage; readonly subpath: string; readonly file?: string }
  | { readonly kind: 'package'; readonly name: string }

interface Manifest {
  readonly name: string
  readonly exports?: Readonly<Record<string, string | { readonly default?: string }>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
}

export function workspacePackages(repository: Repository): WorkspacePackage[] {
  const manifests = repository.files.filter((file) => /^packages\/[^/]+\/package\.json$/.test(file))
  return manifests.map((file) => {
    const manifest: Manifest = JSON.parse(repository.read(file))
    const folder = posix.dirname(file)
    const declared = { ...manifest.dependencies, ...manifest.optionalDependencies, ...manifest.peerDependencies }
    return {
      name: manifest.name,
      folder,
      dependencies: new Set(Object.keys(declared)),
      exports: sources(folder, manifest),
    }
  })
}

function sources(folder: string, manifest: Manifest): Map<string, string> {
  const found = new Map<string, string>()
  for (const [subpath, target] of Object.entries(manifest.exports ?? {})) {
    const built = typeof target === 'string' ? target : target.default
    if (built?.startsWith('./dist/src/')) {
      found.set(subpath, `${folder}/src/${built.slice('./dist/src/'.length).replace(/\.js$/, '.ts')}`)
    }
  }
  return found
}

export function resolveImport(packages: readonly WorkspacePackage[], from: string, specifier: string): Target {
  if (specifier.startsWith('.')) return { kind: 'relative', file: posix.join(posix.dirname(from), specifier) }
  if (isBuiltin(specifier)) return { kind: 'builtin', name: specifier }
  const name = /^(?:@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? specifier
  const owner = packages.find((each) => each.name === name)
  if (owner === undefined) return { kind: 'package', name }
  const subpath = `.${specifier.slice(name.length)}`
  const file = owner.exports.get(subpath)
  return { kind: 'workspace', owner, subpath, ...(file === undefined ? {} : { file }) }
}
