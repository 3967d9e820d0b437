import { createHash } from 'node:crypto'
import { readdirSync, readlinkSync, symlinkSync } from 'node:fs'
import { removeFile } from '../../state/atomic-file.ts'
import { fileOperation, hasCode } from '../../state/file-operation.ts'
import { fileNames } from './lease-directory.ts'
import type { Lease, LeaseOwner } from './lease-store.ts'

/**
 * A note of the namespace that the leases of an interface were made for stands beside them: a symbolic link, which takes
 * one call to make and one to read. It leads nowhere, so that reading every file of the directory opens no namespace.
 */
const SCHEME = 'netns:'

/** Notes the namespace at `netns`, in place of an earlier note. If that is impossible, there is no note. */
export function noteNamespace(directory: string, owner: LeaseOwner, netns: string): void {
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
    // The lease is valid without a note: ADD again then gets the same address, as with leases of the reference plugin.
  }
}

/** The path of the noted namespace; `undefined` without a note. */
export function notedNamespace(directory: string, owner: LeaseOwner): string | undefined {
  try {
    const text = readlinkSync(pathOf(directory, owner))
    return text.startsWith(SCHEME) ? text.slice(SCHEME.length) : undefined
  } catch {
    return undefined
  }
}

/** Removes a note; there may be none. Throws SystemError. */
export function removeNote(directory: string, owner: LeaseOwner): void {
  removeFile(pathOf(directory, owner))
}

/** Removes the notes of owners without a lease. Throws SystemError. */
export function removeStrayNotes(directory: string, leases: readonly Lease[]): void {
  const wanted = new Set(leases.map(({ owner }) => nameOf({ ifName: '', containerId: '', ...owner })))
  for (const name of fileOperation('open', directory, () => readdirSync(directory)))
    if (name.startsWith(fileNames.note) && !wanted.has(name)) removeFile(`${directory}/${name}`)
}

function pathOf(directory: string, owner: LeaseOwner): string {
  return `${directory}/${nameOf(owner)}`
}

/** A container's id may be longer than a name can be. */
function nameOf({ containerId, ifName }: LeaseOwner): string {
  const hash = createHash('sha512').update(`${containerId}/${ifName}`).digest('hex')
  return `${fileNames.note}${hash.slice(0, 16)}`
}
