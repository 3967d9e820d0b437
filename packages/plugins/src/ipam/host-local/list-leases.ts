import { statSync } from 'node:fs'
import { join } from 'node:path'
import { readLeases } from './lease-directory.ts'
import { parseLease } from './lease-file.ts'
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
