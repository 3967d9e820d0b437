import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type IP, tryParseIP } from '@patchbay/address'
import { readRegularFile } from '@patchbay/cni/config'
import { isShortage } from '../../request/shortage.ts'
import { TEMPORARY_NAME } from '../../state/atomic-file.ts'
import { asSystemError, fileOperation } from '../../state/file-operation.ts'
import type { TakenAddress } from './lease-lookup.ts'
import type { Lease, LeaseOwner, Ownership } from './lease-store.ts'

/** The files of a network's directory other than leases; a lease is named after its address. */
export const fileNames = {
  /** Locked with flock(2) to read or change leases. */
  lock: 'lock',
  /** Holds the address last reserved for a range set, by the set's index. */
  lastReserved: (set: number) => `last_reserved_ip.${set}`,
  /** The index; only in directories with many leases. */
  index: '.patchbay.index',
  /** Holds the id of the boot in which leases of earlier boots were last looked through. */
  boot: '.patchbay.boot',
  /** Begins the names of notes; each tells the namespace that the leases of an interface are for. */
  note: '.patchbay.netns.',
} as const

/** The content of a lease's file: two lines, without a line break at the end. */
export function formatLease({ containerId, ifName }: LeaseOwner): string {
  return `${containerId}\r\n${ifName}`
}

/** The owner of a lease with this content; `undefined` when the content is corrupt. */
export function parseLease(content: string): Lease['owner'] {
  if (isCorrupt(content)) return undefined
  const [containerId = '', ifName] = content.trim().split('\r\n')
  return ifName === undefined ? { containerId } : { containerId, ifName }
}

/** Whether a lease with this content belongs to `owner`; `undefined` when it does not. */
export function ownershipOf(content: string, owner: LeaseOwner): Ownership | undefined {
  const trimmed = content.trim()
  if (trimmed === formatLease(owner)) return 'interface'
  return trimmed === owner.containerId ? 'container' : undefined
}

/**
 * Whether the content of a lease is corrupt: it names no owner. A crash of the machine can leave a file empty or with zero
 * bytes in it. While the directory is locked, nobody is about to fill it.
 */
export function isCorrupt(content: string): boolean {
  return content.includes('\0') || content.trim() === ''
}

/** Bytes: the names of a container and of its interface, with room. */
const STATE_LIMIT = 2 ** 16

/** A file or anything else in a network's directory that is named after an address. */
export interface LeaseEntry {
  readonly ip: IP
  /** `undefined` when it is not a file or cannot be read. */
  readonly content: string | undefined
}

/** Reads all leases in a directory. Throws SystemError. */
export function readLeases(directory: string): LeaseEntry[] {
  return readDirectory(directory).leases
}

/** Reads all leases in a directory, and whether a crash has left a file that was being written. Throws SystemError. */
export function readDirectory(directory: string): { leases: LeaseEntry[]; hasLeftover: boolean } {
  const leases: LeaseEntry[] = []
  let hasLeftover = false
  for (const entry of fileOperation('open', directory, () => readdirSync(directory, { withFileTypes: true }))) {
    const ip = leaseAddress(entry.name)
    if (ip) leases.push({ ip, content: entry.isFile() ? readFile(`${directory}/${entry.name}`) : undefined })
    hasLeftover ||= entry.name === TEMPORARY_NAME && entry.isFile()
  }
  return { leases, hasLeftover }
}

/** How many leases a directory has, corrupt ones included. Throws SystemError. */
export function countLeases(directory: string): number {
  return fileOperation('open', directory, () => readdirSync(directory)).filter(leaseAddress).length
}

/** The address that a file is the lease of; `undefined` for other files. */
function leaseAddress(name: string): IP | undefined {
  const ip = tryParseIP(name)
  return ip?.toString() === name ? ip : undefined
}

/** The content of a file; `undefined` when it cannot be read. Throws SystemError when that is no fault of the file. */
export function readFile(path: string): string | undefined {
  try {
    return readRegularFile(path, STATE_LIMIT)
  } catch (error) {
    if (isShortage(error)) throw asSystemError(error, { syscall: 'read', path })
    return undefined
  }
}

/** The addresses that are taken; one whose lease is corrupt is free. */
export function takenAddresses(entries: readonly LeaseEntry[]): TakenAddress[] {
  const taken: TakenAddress[] = []
  for (const { ip, content } of entries) {
    const owner = content === undefined ? undefined : parseLease(content)
    if (content === undefined || owner !== undefined) taken.push({ ip, containerId: owner?.containerId })
  }
  return taken
}

/** A lease on disk. */
export interface ListedLease extends Lease {
  /** When the lease was made. */
  readonly since: Date
}

/**
 * The leases in a network's directory, by address. They are read without the lock: a lease that is made or ended meanwhile
 * may or may not be in the list.
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
 * Whether a directory is that of a network: it has leases, or the lock, which stays after the last lease has ended.
 *
 * @throws SystemError when it cannot be read
 */
export function isLeaseDirectory(directory: string): boolean {
  const names = fileOperation('open', directory, () => readdirSync(directory))
  return names.some((name) => name === fileNames.lock || leaseAddress(name) !== undefined)
}
