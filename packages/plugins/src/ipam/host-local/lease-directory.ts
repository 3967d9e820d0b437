import { readdirSync } from 'node:fs'
import { type IP, tryParseIP } from '@patchbay/address'
import { readRegularFile } from '@patchbay/cni/config'
import { fileOperation } from '../../state/file-operation.ts'
import type { TakenAddress } from './catalogue.ts'
import { parseLease } from './lease-file.ts'

/** Bytes: the names of a container and of its interface, with room. */
export const STATE_LIMIT = 2 ** 16

/** Something in a network's directory that has an address for a name. */
export interface LeaseEntry {
  readonly ip: IP
  /** `undefined` for what is no file, and for one that cannot be read. */
  readonly content: string | undefined
}

/** Reads all leases in a directory. Throws SystemError. */
export function readLeases(directory: string): LeaseEntry[] {
  const leases: LeaseEntry[] = []
  for (const entry of fileOperation('open', directory, () => readdirSync(directory, { withFileTypes: true }))) {
    const ip = leaseAddress(entry.name)
    if (ip) leases.push({ ip, content: entry.isFile() ? readFile(`${directory}/${entry.name}`) : undefined })
  }
  return leases
}

/** How many leases a directory has, torn ones included. Throws SystemError. */
export function countLeases(directory: string): number {
  return fileOperation('open', directory, () => readdirSync(directory)).filter(leaseAddress).length
}

/** The address that a file is a lease of. */
export function leaseAddress(name: string): IP | undefined {
  const ip = tryParseIP(name)
  return ip?.toString() === name ? ip : undefined
}

/** What is in a file; `undefined` when it cannot be read. */
export function readFile(path: string): string | undefined {
  try {
    return readRegularFile(path, STATE_LIMIT)
  } catch {
    return undefined
  }
}

/** The addresses that are taken: a torn lease is free. */
export function takenAddresses(entries: readonly LeaseEntry[]): TakenAddress[] {
  const taken: TakenAddress[] = []
  for (const { ip, content } of entries) {
    const owner = content === undefined ? undefined : parseLease(content)
    if (content === undefined || owner !== undefined) taken.push({ ip, containerId: owner?.containerId })
  }
  return taken
}
