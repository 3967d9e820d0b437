import { posix } from 'node:path'
import { splitPath } from '@patchbay/cni/exec'
import { callError, native } from '@patchbay/linux/sys'
import { plugins } from '@patchbay/plugins'
import type { ShimRequest } from './request-reader.ts'

/** The namespaces of a process, and its root directory: what tells them from others. */
export interface ProcessNamespaces {
  readonly user: string
  readonly mount: string
  readonly pid: string
  readonly net: string
  readonly root: string
}

/**
 * The namespaces that a process is in.
 *
 * @throws SystemError when it is gone or may not be looked at
 */
export function namespacesOf(process: number): ProcessNamespaces {
  const namespaces = native().processNamespaces(process)
  if (typeof namespaces === 'number') throw callError(['readlink', 'stat'], namespaces, `/proc/${process}`)
  const [user = '', mount = '', pid = '', net = '', root = ''] = namespaces.split(' ')
  return { user, mount, pid, net, root }
}

/**
 * Whether a process in `theirs` sees what this one sees: the same files under the same paths, the same process ids, and
 * root that is the same root.
 *
 * @returns why the daemon does not serve it: the shim does the call in the caller's own world then
 */
export function checkNamespaces(theirs: ProcessNamespaces, ours: ProcessNamespaces): string | undefined {
  if (theirs.user !== ours.user) return 'the caller is in another user namespace'
  if (theirs.mount !== ours.mount || theirs.root !== ours.root)
    return 'the caller sees other files: it is in another mount namespace, or has another root directory'
  if (theirs.pid !== ours.pid) return 'the caller is in another process id namespace'
  return undefined
}

/** Paths that a call names. */
export interface CalledPaths {
  readonly netns: string
  /** Where files are looked for, read and written. */
  readonly files: readonly string[]
}

/** Paths that a call names, by its environment and its configuration. */
export function pathsOf({ env, stdin }: ShimRequest): CalledPaths {
  // An empty element of a list is the current directory.
  const files = splitPath(env['CNI_PATH'] ?? '').map((path) => path || '.')
  for (const [, path = ''] of stdin.matchAll(pathKey)) if (path !== '') files.push(path)
  return { netns: env['CNI_NETNS'] ?? '', files }
}

/** Paths that lead somewhere else for the daemon than for its caller are refused. */
export function checkPaths({ netns, files }: CalledPaths): string | undefined {
  for (const path of [netns, ...files]) {
    if (path !== '' && !path.startsWith('/')) return `"${path}" depends on the current directory`
    if (ofProcess.test(posix.normalize(path))) return `"${path}" leads to what each process has of its own`
  }
  return undefined
}

/** Links to what the process that looks has: proc(5). */
const ofProcess = /^\/(?:proc\/(?:self|thread-self|mounts|net)|dev\/(?:fd|stdin|stdout|stderr))(?:\/|$)/

/** Keys of plugins that are not ours and may be delegated to: dhcp's, and those that its daemon and tuning have. */
const foreignPathKeys = ['daemonSocketPath', 'socketPath', 'tuningDir']

/** Looked for in the text: what is no JSON is the plugin's to refuse. */
const pathKey = new RegExp(
  `"(?:${[...plugins.flatMap(({ pathKeys = [] }) => pathKeys), ...foreignPathKeys].join('|')})"\\s*:\\s*"([^"]*)"`,
  'gi',
)
