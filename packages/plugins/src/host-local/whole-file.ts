import {
  closeSync,
  fdatasyncSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { fileOperation, hasCode } from './file-operation.ts'

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
    if (!isVoid(fileOperation('read', path, () => readFileSync(path, 'utf8')))) return false
    fileOperation('rename', path, () => renameSync(temporary, path))
    return true
  } finally {
    removeFile(temporary)
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
    fileOperation('rename', path, () => renameSync(temporary, path))
  } catch (error) {
    removeFile(temporary)
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
      closeSync(fd)
    }
  })
}

/** Removes a file; there may be none. Throws SystemError. */
export function removeFile(path: string): void {
  fileOperation('unlink', path, () => {
    try {
      unlinkSync(path)
    } catch (error) {
      if (!hasCode(error, 'ENOENT')) throw error
    }
  })
}

/** Left behind by a crash, the temporary file may be the very lease by another link: never write to an old one. */
function writeTemporary(path: string, content: string, { sync }: { sync: boolean }): string {
  const temporary = join(dirname(path), TEMPORARY_NAME)
  removeFile(temporary)
  try {
    fileOperation('write', path, () => {
      const fd = openSync(temporary, 'wx', MODE)
      try {
        writeFileSync(fd, content)
        if (sync) fdatasyncSync(fd)
      } finally {
        closeSync(fd)
      }
    })
  } catch (error) {
    removeFile(temporary)
    throw error
  }
  return temporary
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
