import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type IP, tryParseIP } from '@patchbay/address'
import { CniError } from '@patchbay/cni/types'
import { type FileLock, FileLockedError, lockFile } from '@patchbay/linux/sys'
import { fileOperation } from './file-operation.ts'
import { fileNames, formatLease, isTorn, type Ownership, ownershipOf, parseLease } from './lease-file.ts'
import type { Lease, LeaseStore, Owner } from './lease-store.ts'
import { createWhole, removeFile, replaceWhole } from './whole-file.ts'

/** Others hold the lock for milliseconds each; who still has it then is stuck. */
const LOCK_TIMEOUT_MS = 60_000

export interface OpenOptions {
  signal?: AbortSignal | undefined
  /** How long to wait for others who have the leases locked, in milliseconds; 60 000 by default. */
  lockTimeoutMs?: number
}

/** Makes the directory of a network's leases, with its parents, unless it is there. Throws SystemError. */
export function ensureDirectory(directory: string): void {
  fileOperation('mkdir', directory, () => mkdirSync(directory, { recursive: true, mode: 0o755 }))
}

/**
 * Opens the leases that are kept in a directory, in the format of the reference plugin: a file for each address.
 *
 * @throws {CniError} 11 when others keep them locked for too long
 * @throws SystemError `ENOENT` when there is no such directory, and others
 */
export async function openDirectoryStore(directory: string, options: OpenOptions = {}): Promise<LeaseStore> {
  const { signal, lockTimeoutMs: timeoutMs = LOCK_TIMEOUT_MS } = options
  try {
    const path = join(directory, fileNames.lock)
    return new DirectoryStore(directory, await lockFile(path, { mode: 0o750, timeoutMs, signal }))
  } catch (error) {
    if (!(error instanceof FileLockedError)) throw error
    throw new CniError('tryAgainLater', error.message, { cause: error })
  }
}

interface Entry {
  readonly isFile: boolean
  content?: string | undefined
}

interface OwnLease {
  readonly name: string
  readonly ip: IP
  readonly ownership: Ownership
}

class DirectoryStore implements LeaseStore {
  readonly #directory: string
  readonly #lock: FileLock
  /** What is in the directory, by name; read when it is first needed, then kept: the directory is locked. */
  #listing: Map<string, Entry> | undefined

  constructor(directory: string, lock: FileLock) {
    this.#directory = directory
    this.#lock = lock
  }

  addressesOf(owner: Owner): IP[] {
    return this.#leasesOf(owner).map(({ ip }) => ip)
  }

  allLeases(): Lease[] {
    return [...this.#entries()].flatMap(([name, entry]) => {
      const ip = tryParseIP(name)
      const content = ip && this.#contentOf(name, entry)
      return ip && content !== undefined ? [{ ip, owner: parseLease(content) }] : []
    })
  }

  firstFree(first: IP, last: IP): IP | undefined {
    for (let ip: IP | undefined = first; ip !== undefined && ip.compare(last) <= 0; ip = ip.next()) {
      const entry = this.#entries().get(ip.toString())
      if (entry === undefined || this.#isTorn(ip.toString(), entry)) return ip
    }
    return undefined
  }

  reserve(ip: IP, { owner, set }: { owner: Owner; set: number }): boolean {
    const name = ip.toString()
    const content = formatLease(owner)
    if (!createWhole(this.#path(name), content, isTorn)) return false
    this.#listing?.set(name, { isFile: true, content })
    try {
      replaceWhole(this.#path(fileNames.lastReserved(set)), name)
    } catch (error) {
      this.release(ip)
      throw error
    }
    return true
  }

  release(ip: IP): void {
    this.#remove(ip.toString())
  }

  releaseAll(owner: Owner): void {
    const leases = this.#leasesOf(owner)
    const exact = leases.filter(({ ownership }) => ownership === 'interface')
    const failures: unknown[] = []
    for (const { name } of exact.length > 0 ? exact : leases) {
      try {
        this.#remove(name)
      } catch (error) {
        failures.push(error)
      }
    }
    if (failures.length > 0) throw failures.length === 1 ? failures[0] : new AggregateError(failures)
  }

  lastReserved(set: number): IP | undefined {
    return tryParseIP(this.#read(fileNames.lastReserved(set)) ?? '')
  }

  [Symbol.dispose](): void {
    this.#lock.close()
  }

  #leasesOf(owner: Owner): OwnLease[] {
    return [...this.#entries()].flatMap(([name, entry]) => {
      const ip = tryParseIP(name)
      const ownership = ip && ownershipOf(this.#contentOf(name, entry) ?? '', owner)
      return ip && ownership ? [{ name, ip, ownership }] : []
    })
  }

  #isTorn(name: string, entry: Entry): boolean {
    const content = this.#contentOf(name, entry)
    return content !== undefined && isTorn(content)
  }

  /** `undefined` for what is no file, and for one that cannot be read. */
  #contentOf(name: string, entry: Entry): string | undefined {
    if (entry.isFile && !('content' in entry)) entry.content = this.#read(name)
    return entry.content
  }

  #entries(): Map<string, Entry> {
    this.#listing ??= new Map(
      fileOperation('open', this.#directory, () => readdirSync(this.#directory, { withFileTypes: true })).map(
        (entry) => [entry.name, { isFile: entry.isFile() }],
      ),
    )
    return this.#listing
  }

  #read(name: string): string | undefined {
    try {
      return readFileSync(this.#path(name), 'utf8')
    } catch {
      return undefined
    }
  }

  #remove(name: string): void {
    removeFile(this.#path(name))
    this.#listing?.delete(name)
  }

  #path(name: string): string {
    return join(this.#directory, name)
  }
}
