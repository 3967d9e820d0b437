import { statfsSync } from 'node:fs'
import { hasCode } from '../../state/file-operation.ts'
import { directoryOf } from './config.ts'
import type { Lease } from './lease-store.ts'

/** Whether the namespace of a lease's container exists; `unknown` when no runtime remembers the namespace. */
export type Backing = 'present' | 'gone' | 'unknown'

/** `<linux/magic.h>`: the file system of namespaces. */
const NSFS_MAGIC = 0x6e736673

/**
 * Returns a function that tells whether a namespace backs a lease. It knows the attachments that runtimes have cached in
 * `cacheDir`, by default in the directory that all of them use.
 */
export async function backingNamespaces(
  cacheDir = '/var/lib/cni',
): Promise<(network: string, owner: Lease['owner']) => Backing> {
  const { Cni } = await import('@patchbay/cni/runtime')
  const namespaces = new Map<string, string[]>()
  for (const { network, containerId, ifName, netns } of await new Cni({ path: [], cacheDir }).getCachedAttachments()) {
    // A lease in the old form may be of any interface.
    for (const key of [keyOf(network, { containerId, ifName }), keyOf(network, { containerId })])
      namespaces.set(key, [...(namespaces.get(key) ?? []), netns])
  }
  return (network, owner) => {
    const paths = owner && namespaces.get(keyOf(network, owner))
    const found = new Set(paths?.map(stateOf))
    if (found.has('present')) return 'present'
    return found.size === 0 || found.has('unknown') ? 'unknown' : 'gone'
  }
}

function keyOf(network: string, { containerId, ifName = '' }: NonNullable<Lease['owner']>): string {
  return [directoryOf(network), containerId, ifName].join('/')
}

/** The state of the namespace at a path. Without a path, or with one that cannot be read, it is unknown. */
function stateOf(path: string): Backing {
  if (path === '') return 'unknown'
  try {
    return statfsSync(path).type === NSFS_MAGIC ? 'present' : 'gone'
  } catch (error) {
    return hasCode(error, 'ENOENT') || hasCode(error, 'ENOTDIR') ? 'gone' : 'unknown'
  }
}
