import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { type IP, tryParseIP } from '@patchbay/address'
import { CniError } from '@patchbay/cni/types'
import { type FileLock, FileLockedError, lockFile, SystemError } from '@patchbay/linux/sys'
import { runAll } from '../../request/run-all.ts'
import {
  createAtomic,
  removeFile,
  removeTemporary,
  replaceAtomic,
  syncDirectory,
  TEMPORARY_NAME,
} from '../../state/atomic-file.ts'
import { type Boot, currentBoot } from '../../state/boot.ts'
import { fileOperation } from '../../state/file-operation.ts'
import { isInMemory } from '../../state/file-system.ts'
import { areLookedThrough, endEarlierBoots } from './earlier-boots.ts'
import { IndexFile } from './index-file.ts'
import {
  countLeases,
  fileNames,
  formatLease,
  isCorrupt,
  type LeaseEntry,
  ownershipOf,
  parseLease,
  readDirectory,
  readFile,
  takenAddresses,
} from './lease-directory.ts'
import { type LeaseLookup, MapLookup } from './lease-lookup.ts'
import type { Lease, LeaseOwner, LeaseStore, OwnLease } from './lease-store.ts'
import { notedNamespace, noteNamespace, removeNote, removeStrayNotes } from './namespace-note.ts'

/** A call holds the lock for milliseconds; a longer one is stuck. */
const LOCK_TIMEOUT_MS = 60_000

/** With fewer leases, reading all of them is as quick as an index. */
const INDEX_FROM = 32

export interface OpenOptions {
  signal?: AbortSignal | undefined
  /** How long to wait for the lock, in milliseconds; 60 000 by default. */
  lockTimeoutMs?: number
  /** Whether leases outlast a crash of the machine; by default when the directory does. */
  isSynced?: boolean | undefined
  /** Whether leases of earlier boots stay, also when their containers have no namespace; false by default. */
  keepOverReboot?: boolean | undefined
  /** The present boot; by default the kernel tells it. */
  boot?: Boot | undefined
  /** Where runtimes cache attachments; `/var/lib/cni` by default. */
  cacheDir?: string | undefined
}

/** Makes the directory of a network's leases with its parents, if it is missing. Throws SystemError. */
export function ensureDirectory(directory: string, { isSynced }: Pick<OpenOptions, 'isSynced'> = {}): void {
  const first = fileOperation('mkdir', directory, () => mkdirSync(directory, { recursive: true, mode: 0o755 }))
  if (first === undefined || !(isSynced ?? !isInMemory(directory))) return
  for (let made = directory; made.length >= first.length; made = dirname(made)) syncDirectory(dirname(made))
}

/**
 * Opens the leases that are kept in a directory, in the format of the reference plugin: a file for each address.
 *
 * @throws {CniError} 11 when the lock is held for too long
 * @throws SystemError `ENOENT` when there is no such directory, and others
 */
export async function openDirectoryStore(directory: string, options: OpenOptions = {}): Promise<LeaseStore> {
  const { boot = currentBoot(), keepOverReboot = false, cacheDir, isSynced } = options
  const lock = await lockDirectory(directory, options)
  try {
    if (boot && !keepOverReboot && !areLookedThrough(directory, boot))
      await endEarlierBoots(directory, { boot, cacheDir })
    return new DirectoryStore(directory, lock, { boot, isSynced })
  } catch (error) {
    lock.close()
    throw error
  }
}

/** Like {@link openDirectoryStore}, but makes a missing directory. */
export async function makeDirectoryStore(directory: string, options: OpenOptions = {}): Promise<LeaseStore> {
  try {
    return await openDirectoryStore(directory, options)
  } catch (error) {
    if (!(error instanceof SystemError)) throw error
  }
  // Any other error occurs again below.
  ensureDirectory(directory, options)
  return openDirectoryStore(directory, options)
}

async function lockDirectory(directory: string, options: OpenOptions): Promise<FileLock> {
  const { signal, lockTimeoutMs: timeoutMs = LOCK_TIMEOUT_MS } = options
  try {
    return await lockFile(`${directory}/${fileNames.lock}`, { mode: 0o750, timeoutMs, signal })
  } catch (error) {
    if (!(error instanceof FileLockedError)) throw error
    throw new CniError('tryAgainLater', error.message, { cause: error })
  }
}

class DirectoryStore implements LeaseStore {
  readonly #directory: string
  readonly #lock: FileLock
  readonly #bootId: string | undefined
  #isSynced: boolean | undefined
  /** Agrees with the directory while that is locked. */
  #known: LeaseLookup | undefined
  #indexFile: IndexFile | undefined
  /** The contents of leases that were read, by address. */
  readonly #contents = new Map<string, string | undefined>()
  /** Whether something was made, removed or renamed in the directory. */
  #hasChanged = false

  constructor(directory: string, lock: FileLock, { boot, isSynced }: Pick<OpenOptions, 'boot' | 'isSynced'>) {
    this.#directory = directory
    this.#lock = lock
    this.#bootId = boot?.id
    this.#isSynced = isSynced
  }

  async leasesOf(owner: LeaseOwner): Promise<OwnLease[]> {
    const leases: OwnLease[] = []
    for (const ip of this.#lookup().addressesOf(owner.containerId)) {
      const ownership = ownershipOf(this.#content(ip.toString()) ?? '', owner)
      if (ownership) leases.push({ ip, ownership })
    }
    return leases
  }

  async allLeases(): Promise<Lease[]> {
    return this.#readLeases().flatMap(({ ip, content }) =>
      content === undefined ? [] : [{ ip, owner: parseLease(content) }],
    )
  }

  async firstFree(first: IP, last: IP): Promise<IP | undefined> {
    return this.#lookup().firstFree(first, last)
  }

  async reserve(ip: IP, { owner, set }: { owner: LeaseOwner; set: number }): Promise<boolean> {
    const name = ip.toString()
    const content = formatLease(owner)
    const lookup = this.#lookup()
    this.#hasChanged = true
    if (!createAtomic(this.#path(name), content, { isCorrupt, sync: this.#shouldSync() })) return false
    this.#contents.set(name, content)
    lookup.add({ ip, containerId: owner.containerId })
    try {
      replaceAtomic(this.#path(fileNames.lastReserved(set)), name)
    } catch (error) {
      await this.release(ip)
      throw error
    }
    return true
  }

  async release(ip: IP): Promise<void> {
    const name = ip.toString()
    const lookup = this.#lookup()
    const containerId = parseLease(this.#content(name) ?? '')?.containerId
    this.#hasChanged = true
    removeFile(this.#path(name))
    this.#contents.delete(name)
    lookup.remove({ ip, containerId })
  }

  async releaseAll(owner: LeaseOwner): Promise<void> {
    const leases = await this.leasesOf(owner)
    const exact = leases.filter(({ ownership }) => ownership === 'interface')
    const ended = exact.length > 0 ? exact : leases
    const hasNote = leases.length > 0 || (await this.notedNamespace(owner)) !== undefined
    await runAll(
      // First, so that a crash leaves no note without a lease.
      ...(hasNote ? [() => this.#removeNote(owner)] : []),
      ...ended.map(
        ({ ip }) =>
          () =>
            this.release(ip),
      ),
    )
  }

  async noteNamespace(owner: LeaseOwner, netns: string): Promise<void> {
    this.#hasChanged = true
    noteNamespace(this.#directory, owner, netns)
  }

  async notedNamespace(owner: LeaseOwner): Promise<string | undefined> {
    return notedNamespace(this.#directory, owner)
  }

  async tidy(): Promise<void> {
    this.#hasChanged = true
    removeStrayNotes(this.#directory, await this.allLeases())
  }

  #removeNote(owner: LeaseOwner): void {
    this.#hasChanged = true
    removeNote(this.#directory, owner)
  }

  async lastReserved(set: number): Promise<IP | undefined> {
    return tryParseIP(readFile(this.#path(fileNames.lastReserved(set))) ?? '')
  }

  async refresh(): Promise<boolean> {
    if (this.#indexFile === undefined || this.#indexFile.index.size.taken === countLeases(this.#directory)) return false
    this.#indexFile.close({ stamp: false })
    this.#known = this.#readLookup()
    return true
  }

  async sync(): Promise<void> {
    if (this.#hasChanged && this.#shouldSync()) syncDirectory(this.#directory)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#indexFile?.close({ stamp: this.#hasChanged })
    this.#lock.close()
  }

  #lookup(): LeaseLookup {
    this.#known ??= this.#openIndex() ?? this.#readLookup()
    return this.#known
  }

  #openIndex(): LeaseLookup | undefined {
    if (this.#bootId === undefined) return undefined
    this.#indexFile = IndexFile.open({ directory: this.#directory, bootId: this.#bootId })
    return this.#indexFile?.index
  }

  /** Reads the whole directory, and writes an index if it has many leases. */
  #readLookup(): LeaseLookup {
    const leases = this.#readLeases()
    const taken = takenAddresses(leases)
    this.#contents.clear()
    this.#indexFile = undefined
    if (taken.length < INDEX_FROM || this.#bootId === undefined) {
      for (const { ip, content } of leases) this.#contents.set(ip.toString(), content)
      return new MapLookup(taken)
    }
    this.#indexFile = IndexFile.create({ directory: this.#directory, bootId: this.#bootId }, taken)
    this.#hasChanged ||= this.#indexFile !== undefined
    return this.#indexFile?.index ?? new MapLookup(taken)
  }

  /** Whoever comes across what a crash has left removes it. A directory with an index has none: the index would not fit. */
  #readLeases(): LeaseEntry[] {
    const { leases, hasLeftover } = readDirectory(this.#directory)
    if (hasLeftover) removeTemporary(this.#path(TEMPORARY_NAME))
    this.#hasChanged ||= hasLeftover
    return leases
  }

  #shouldSync(): boolean {
    this.#isSynced ??= !isInMemory(this.#directory)
    return this.#isSynced
  }

  /** Read once: nobody writes into leases while the directory is locked. */
  #content(name: string): string | undefined {
    if (!this.#contents.has(name)) this.#contents.set(name, readFile(this.#path(name)))
    return this.#contents.get(name)
  }

  #path(name: string): string {
    return `${this.#directory}/${name}`
  }
}
