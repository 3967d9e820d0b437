import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileOperation } from '../../state/file-operation.ts'
import { leaseAddress, readLeases } from './lease-directory.ts'
import { fileNames, parseLease } from './lease-file.ts'
import type { Lease } from './lease-store.ts'

/** A lease as it lies on disk. */
export interface ListedLease extends Lease {
  /** When it was made. */
  readonly since: Date
}

/**
 * The leases in a network's directory, by address. They are not locked meanwhile: one that is just made or ended may be
 * in the list or not.
 *
 * @throws SystemError when there is no such directory
 */
export function listLeases(directory: string): ListedLease[] {
  return readLeases(directory)
    .flatMap(({ ip, content }) => {
      const stat = statSync(join(directory, ip.toString()), { throwIfNoEntry: false })
      return content === undefined || stat === undefined ? [] : [{ ip, owner: parseLease(content), since: stat.mtime }]
    })
    .sort((a, b) => a.ip.compare(b.ip))
}

/**
 * Whether a directory is one of a network: it has leases, or the lock that stays when the last of them has ended.
 *
 * @throws SystemError when it cannot be read
 */
export function isLeaseDirectory(directory: string): boolean {
  const names = fileOperation('open', directory, () => readdirSync(directory))
  return names.some((name) => name === fileNames.lock || leaseAddress(name) !== undefined)
}
