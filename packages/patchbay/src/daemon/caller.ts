import { readlinkSync, statSync } from 'node:fs'
import { isAbsolute } from 'node:path'
import type { ShimRequest } from './request-reader.ts'

/** Where a process is: what tells its namespaces and its root directory from others. */
export interface Whereabouts {
  readonly user: string
  readonly mount: string
  readonly pid: string
  readonly root: string
}

/** Why the daemon does not serve a call: the shim does it in the caller's own world then. */
export interface Refusal {
  readonly refused: string
}

/**
 * Where the process `pid` is.
 *
 * @throws Error when it is gone or may not be looked at
 */
export function whereaboutsOf(pid: number | 'self'): Whereabouts {
  const { dev, ino } = statSync(`/proc/${pid}/root`, { bigint: true })
  return {
    user: readlinkSync(`/proc/${pid}/ns/user`),
    mount: readlinkSync(`/proc/${pid}/ns/mnt`),
    pid: readlinkSync(`/proc/${pid}/ns/pid`),
    root: `${dev}:${ino}`,
  }
}

/**
 * Whether a process at `theirs` sees what this one sees: the same files under the same paths, the same process ids, and
 * root that is the same root.
 */
export function checkWhereabouts(theirs: Whereabouts, ours: Whereabouts): Refusal | undefined {
  if (theirs.user !== ours.user) return { refused: 'the caller is in another user namespace' }
  if (theirs.mount !== ours.mount || theirs.root !== ours.root)
    return { refused: 'the caller sees other files: it is in another mount namespace, or has another root directory' }
  if (theirs.pid !== ours.pid) return { refused: 'the caller is in another process id namespace' }
  return undefined
}

/** Paths that are looked up from the current directory, which the daemon does not share with its callers. */
export function checkPaths({ env, stdin }: ShimRequest): Refusal | undefined {
  const paths = [...(env['CNI_PATH'] ?? '').split(':'), env['CNI_NETNS'] ?? '', ...configuredPaths(stdin)]
  const relative = paths.find((path) => path !== '' && !isAbsolute(path))
  return relative === undefined ? undefined : { refused: `"${relative}" depends on the current directory` }
}

/** The keys of configurations that are paths. */
const pathKey = /"(?:dataDir|resolvConf|daemonSocketPath|socketPath|tuningDir)"\s*:\s*"([^"]*)"/gi

function configuredPaths(stdin: string): string[] {
  return [...stdin.matchAll(pathKey)].map(([, path = '']) => path)
}
