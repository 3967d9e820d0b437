import type { Lease, Owner, Ownership } from './lease-store.ts'

/** The names in a network's directory that are no leases; a lease is named after its address. */
export const fileNames = {
  /** Locked with flock(2) by whoever reads or changes leases. */
  lock: 'lock',
  /** Holds the address last reserved for a range set, by the set's index. */
  lastReserved: (set: number) => `last_reserved_ip.${set}`,
  /** Tells where leases are; only there when they are many. */
  index: '.patchbay.index',
  /** Holds the id of the boot in which leases of earlier ones were last looked through. */
  boot: '.patchbay.boot',
  /** Begins the names of what tells which namespace the leases of an interface are for. */
  note: '.patchbay.netns.',
} as const

/** What a lease's file holds: two lines, without a line break at the end. */
export function formatLease({ containerId, ifName }: Owner): string {
  return `${containerId}\r\n${ifName}`
}

/** Whom a lease with this content belongs to; `undefined` when it names nobody. */
export function parseLease(content: string): Lease['owner'] {
  if (isTorn(content)) return undefined
  const [containerId = '', ifName] = content.trim().split('\r\n')
  return ifName === undefined ? { containerId } : { containerId, ifName }
}

/** Whether a lease with this content belongs to `owner`; `undefined` when it does not. */
export function ownershipOf(content: string, owner: Owner): Ownership | undefined {
  const trimmed = content.trim()
  if (trimmed === formatLease(owner)) return 'interface'
  return trimmed === owner.containerId ? 'container' : undefined
}

/**
 * Whether a lease names nobody. A crash of the machine can leave a file empty or with zero bytes in it; while the
 * directory is locked no one is about to fill it.
 */
export function isTorn(content: string): boolean {
  return content.includes('\0') || content.trim() === ''
}
