import { statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { readRegularFile } from '@patchbay/cni/config'
import type { Boot } from '../../state/boot.ts'
import { isShared } from '../../state/file-system.ts'
import { removeFile, replaceWhole } from '../../state/whole-file.ts'
import { type Backing, backingNamespaces } from './backing-namespace.ts'
import { type LeaseEntry, readLeases, STATE_LIMIT } from './lease-directory.ts'
import { fileNames, parseLease } from './lease-file.ts'
import type { Lease } from './lease-store.ts'
import { removeStrayNotes } from './namespace-note.ts'

export interface EarlierBootOptions {
  boot: Boot
  /** Where runtimes remember attachments; `/var/lib/cni` by default. */
  cacheDir?: string | undefined
}

/** Whether the leases in a locked directory have been looked through in this boot: that is noted in a small file. */
export function areLookedThrough(directory: string, { id }: Boot): boolean {
  return notedBoot(directory) === id
}

/**
 * Ends the leases of earlier boots in a locked directory: those whose container has no namespace any more. Once in a boot
 * that is needed: see {@link areLookedThrough}.
 *
 * A lease that is younger than the boot stays, also one that the reference plugin has made. So does one whose container
 * has its namespace. One that no runtime remembers is ended when the directory is known to be of an earlier boot, since no
 * namespace outlasts one; when nothing was written down yet, it stays until the next.
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
  try {
    return readRegularFile(`${directory}/${fileNames.boot}`, STATE_LIMIT).trim()
  } catch {
    return undefined
  }
}

function noteBoot(directory: string, { id }: Boot): void {
  try {
    replaceWhole(join(directory, fileNames.boot), `${id}\n`)
  } catch {
    // Then the next operation looks again: a full disk must not keep a lease from being ended.
  }
}
