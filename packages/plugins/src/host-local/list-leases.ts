import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { tryParseIP } from '@patchbay/address'
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
 * @throws what node:fs does when there is no such directory
 */
export function listLeases(directory: string): ListedLease[] {
  return readdirSync(directory)
    .flatMap((name) => {
      const ip = tryParseIP(name)
      const lease = ip && readLease(join(directory, name))
      return ip && lease ? [{ ip, ...lease }] : []
    })
    .sort((a, b) => a.ip.compare(b.ip))
}

function readLease(path: string): Omit<ListedLease, 'ip'> | undefined {
  try {
    return { owner: parseLease(readFileSync(path, 'utf8')), since: statSync(path).mtime }
  } catch {
    return undefined
  }
}
