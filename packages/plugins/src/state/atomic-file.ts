import { closeSync, fdatasyncSync, fsyncSync, linkSync, openSync, renameSync, unlinkSync, writeFileSync } from 'node:fs'
import { readRegularFile } from '@patchbay/cni/config'
import { giveBack } from '@patchbay/linux/sys'
import { asSystemError, fileOperation, hasCode } from './file-operation.ts'

/** The name of a file while it is written. One in each directory is enough, because writers lock the directory. */
export const TEMPORARY_NAME = '.patchbay.tmp'

const MODE = 0o600

export interface CreateOptions {
  /** Whether the content outlasts a crash of the machine. */
  sync: boolean
  /** Whether the content of an existing file is corrupt, so that the file can be replaced. */
  isCorrupt(content: string): boolean
}

/**
 * Creates a file that appears with all its content at once. An existing file is left alone, unless it is corrupt.
 *
 * @returns whether the file was created
 * @throws SystemError
 */
export function createAtomic(path: string, content: string, { sync, isCorrupt }: CreateOptions): boolean {
  const temporary = writeTemporary(path, content, { sync })
  try {
    if (link(temporary, path)) return true
    if (!isCorrupt(fileOperation('read', path, () => readRegularFile(path)))) return false
    rename(temporary, path)
    return true
  } finally {
    removeTemporary(temporary)
  }
}

/**
 * Replaces the content of a file at once: a reader sees the old content or the new. Only a crash of the machine can corrupt
 * the file.
 *
 * @throws SystemError
 */
export function replaceAtomic(path: string, content: string): void {
  const temporary = writeTemporary(path, content, { sync: false })
  try {
    rename(temporary, path)
  } catch (error) {
    removeTemporary(temporary)
    throw error
  }
}

/** Makes all creations, renames and removals in a directory outlast a crash of the machine. Throws SystemError. */
export function syncDirectory(path: string): void {
  fileOperation('fsync', path, () => {
    const fd = openSync(path, 'r')
    try {
      fsyncSync(fd)
    } finally {
      giveBack(fd)
    }
  })
}

/** Removes a file; there may be none. Throws SystemError. */
export function removeFile(path: string): void {
  try {
    unlinkSync(path)
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw asSystemError(error, { syscall: 'unlink', path })
  }
}

/** Removes a temporary file. A failure is ignored: no reader looks at it, and the next writer removes it. */
export function removeTemporary(path: string): void {
  try {
    unlinkSync(path)
  } catch {}
}

/** Writes the content of the future file at `path` to a temporary file beside it. */
function writeTemporary(path: string, content: string, { sync }: { sync: boolean }): string {
  const temporary = path.slice(0, path.lastIndexOf('/') + 1) + TEMPORARY_NAME
  const fd = openTemporary(temporary, path)
  try {
    fill(fd, content, { sync })
  } catch (error) {
    removeTemporary(temporary)
    throw asSystemError(error, { syscall: 'write', path })
  }
  return temporary
}

function fill(fd: number, content: string, { sync }: { sync: boolean }): void {
  try {
    writeFileSync(fd, content)
    if (sync) fdatasyncSync(fd)
  } finally {
    // On NFS, write errors are reported by close().
    closeSync(fd)
  }
}

/** An old temporary file, left by a crash, may be a hard link to a lease: it is removed and never written to. */
function openTemporary(temporary: string, path: string): number {
  try {
    return openSync(temporary, 'wx', MODE)
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw asSystemError(error, { syscall: 'open', path })
  }
  removeFile(temporary)
  return fileOperation('open', path, () => openSync(temporary, 'wx', MODE))
}

function rename(temporary: string, path: string): void {
  try {
    renameSync(temporary, path)
  } catch (error) {
    throw asSystemError(error, { syscall: 'rename', path })
  }
}

/**
 * Gives a written file its name if the name is free. Without hard links, an empty file takes the name instead; it counts
 * as corrupt, so the caller replaces it.
 */
function link(temporary: string, path: string): boolean {
  try {
    linkSync(temporary, path)
    return true
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) claim(path)
    return false
  }
}

function claim(path: string): void {
  fileOperation('open', path, () => {
    try {
      closeSync(openSync(path, 'wx', MODE))
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) throw error
    }
  })
}
