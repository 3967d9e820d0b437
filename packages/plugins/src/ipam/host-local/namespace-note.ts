import { createHash } from 'node:crypto'
import { readdirSync, readlinkSync, symlinkSync } from 'node:fs'
import { fileOperation, hasCode } from '../../state/file-operation.ts'
import { removeFile } from '../../state/whole-file.ts'
import { fileNames } from './lease-file.ts'
import type { Lease, Owner } from './lease-store.ts'

/**
 * Beside the leases of an interface lies a note of the namespace that they were made for: a symbolic link, which is made and
 * read by one call each. It leads nowhere, so that nobody who reads every file in the directory opens a namespace by it.
 */
const SCHEME = 'netns:'

/** Notes the namespace at `netns`, in place of what was noted before. Where that is not possible, there is no note. */
export function noteNamespace(directory: string, owner: Owner, netns: string): void {
  const path = pathOf(directory, owner)
  const note = () => symlinkSync(`${SCHEME}${netns}`, path)
  try {
    try {
      note()
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) throw error
      removeFile(path)
      note()
    }
  } catch {
    // The lease counts without. Who asks for it again is then believed, as with a lease that the reference has made.
  }
}

/** The path of the namespace that was noted; `undefined` when none is. */
export function notedNamespace(directory: string, owner: Owner): string | undefined {
  try {
    const text = readlinkSync(pathOf(directory, owner))
    return text.startsWith(SCHEME) ? text.slice(SCHEME.length) : undefined
  } catch {
    return undefined
  }
}

/** Removes a note; there may be none. Throws SystemError. */
export function removeNote(directory: string, owner: Owner): void {
  removeFile(pathOf(directory, owner))
}

/** Removes the notes of all who have no lease. Throws SystemError. */
export function removeStrayNotes(directory: string, leases: readonly Lease[]): void {
  const wanted = new Set(leases.map(({ owner }) => nameOf({ ifName: '', containerId: '', ...owner })))
  for (const name of fileOperation('open', directory, () => readdirSync(directory)))
    if (name.startsWith(fileNames.note) && !wanted.has(name)) removeFile(`${directory}/${name}`)
}

function pathOf(directory: string, owner: Owner): string {
  return `${directory}/${nameOf(owner)}`
}

/** A container's id may be longer than a name can be. */
function nameOf({ containerId, ifName }: Owner): string {
  const hash = createHash('sha512').update(`${containerId}/${ifName}`).digest('hex')
  return `${fileNames.note}${hash.slice(0, 16)}`
}
