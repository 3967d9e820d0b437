import { statfsSync } from 'node:fs'
import { hasCode } from '../../state/file-operation.ts'
import { directoryOf } from './config.ts'
import type { Lease } from './lease-store.ts'

/** Whether the namespace of a lease's container is there; `unknown` when no runtime remembers which it was. */
export type Backing = 'present' | 'gone' | 'unknown'

/** `<linux/magic.h>`: the file system of namespaces. */
const NSFS_MAGIC = 0x6e736673

/**
 * Returns what tells of a lease whether a namespace backs it, by what runtimes remember of their attachments in
 * `cacheDir`, by default where they all do.
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

/** What a path says of a namespace. One that nobody names, or that cannot be looked at, is not gone for that. */
function stateOf(path: string): Backing {
  if (path === '') return 'unknown'
  try {
    return statfsSync(path).type === NSFS_MAGIC ? 'present' : 'gone'
  } catch (error) {
    return hasCode(error, 'ENOENT') || hasCode(error, 'ENOTDIR') ? 'gone' : 'unknown'
  }
}
