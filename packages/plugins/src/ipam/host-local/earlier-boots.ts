import { statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { removeFile, replaceAtomic } from '../../state/atomic-file.ts'
import type { Boot } from '../../state/boot.ts'
import { isShared } from '../../state/file-system.ts'
import { type Backing, backingNamespaces } from './backing-namespace.ts'
import { fileNames, type LeaseEntry, parseLease, readFile, readLeases } from './lease-directory.ts'
import type { Lease } from './lease-store.ts'
import { removeStrayNotes } from './namespace-note.ts'

export interface EarlierBootOptions {
  boot: Boot
  /** Where runtimes remember attachments; `/var/lib/cni` by default. */
  cacheDir?: string | undefined
}

/** Whether the leases in a locked directory have been looked through in this boot; a small file notes it. */
export function areLookedThrough(directory: string, { id }: Boot): boolean {
  return notedBoot(directory) === id
}

/**
 * Ends the leases of earlier boots in a locked directory whose containers have lost their namespaces. It is needed once in
 * a boot: see {@link areLookedThrough}.
 *
 * A lease that is younger than the boot stays, also one of the reference plugin. So does a lease whose container has its
 * namespace. A lease that no runtime remembers is ended if a boot is noted in the directory, since no namespace outlasts a
 * boot; otherwise it stays until the next boot.
 *
 * @throws SystemError when a lease cannot be read or removed
 */
export async function endEarlierBoots(directory: string, { boot, cacheDir }: EarlierBootOptions): Promise<void> {
  if (isShared(directory)) return
  const noted = notedBoot(directory)
  const old = readLeases(directory).filter(({ ip }) => isOlder(join(directory, ip.toString()), boot.began()))
  if (old.length > 0) {
    const backing = await backingNamespaces(cacheDir)
    const isOver = (found: Backing) => found === 'gone' || (found === 'unknown' && noted !== undefined)
    for (const { ip, content } of old)
      if (isOver(backing(basename(directory), ownerOf(content)))) removeFile(join(directory, ip.toString()))
    removeStrayNotes(directory, leasesIn(directory))
  }
  noteBoot(directory, boot)
}

function ownerOf(content: LeaseEntry['content']): Lease['owner'] {
  return content === undefined ? undefined : parseLease(content)
}

function leasesIn(directory: string): Lease[] {
  return readLeases(directory).map(({ ip, content }) => ({ ip, owner: ownerOf(content) }))
}

function isOlder(path: string, time: number): boolean {
  const stat = statSync(path, { throwIfNoEntry: false })
  return stat?.isFile() === true && stat.mtimeMs < time
}

function notedBoot(directory: string): string | undefined {
  return readFile(`${directory}/${fileNames.boot}`)?.trim()
}

function noteBoot(directory: string, { id }: Boot): void {
  try {
    replaceAtomic(join(directory, fileNames.boot), `${id}\n`)
  } catch {
    // The next call looks again. A full disk must not prevent the end of a lease.
  }
}
