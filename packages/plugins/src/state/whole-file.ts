import { closeSync, fdatasyncSync, fsyncSync, linkSync, openSync, renameSync, unlinkSync, writeFileSync } from 'node:fs'
import { readRegularFile } from '@patchbay/cni/config'
import { giveBack } from '@patchbay/linux/sys'
import { asSystemError, fileOperation, hasCode } from './file-operation.ts'

/** Where a file is written before it gets its name. One a directory is enough: writers have the directory locked. */
const TEMPORARY_NAME = '.patchbay.tmp'

const MODE = 0o600

export interface CreateOptions {
  /** Whether a crash of the machine must not spoil the content. */
  sync: boolean
  /** Tells of the content of a file that is there already whether it can be replaced. */
  isVoid(content: string): boolean
}

/**
 * Creates a file that nobody ever sees empty or in part. One that is there already is left alone, unless it is void.
 *
 * @returns whether the file is now the one that was to be created
 * @throws SystemError
 */
export function createWhole(path: string, content: string, { sync, isVoid }: CreateOptions): boolean {
  const temporary = writeTemporary(path, content, { sync })
  try {
    if (link(temporary, path)) return true
    if (!isVoid(fileOperation('read', path, () => readRegularFile(path)))) return false
    rename(temporary, path)
    return true
  } finally {
    removeTemporary(temporary)
  }
}

/**
 * Writes a file that is at any time either what it was or what it is to be; only a crash of the machine can spoil it.
 *
 * @throws SystemError
 */
export function replaceWhole(path: string, content: string): void {
  const temporary = writeTemporary(path, content, { sync: false })
  try {
    rename(temporary, path)
  } catch (error) {
    removeTemporary(temporary)
    throw error
  }
}

/** Makes what was created, renamed and removed in a directory outlast a crash of the machine. Throws SystemError. */
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

/** Where that fails, the next who writes removes it: the file that was created is there all the same. */
function removeTemporary(path: string): void {
  try {
    unlinkSync(path)
  } catch {}
}

/** Writes what is to become the file at `path`, beside it. */
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
    // Where a file lies elsewhere (NFS), this tells that it could not be written.
    closeSync(fd)
  }
}

/** Left behind by a crash, the temporary file may be the very lease by another link: never write to an old one. */
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
 * Gives a written file its name, if that is free. Where there are no hard links, an empty file takes the name instead,
 * to be replaced: such a one is void.
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
