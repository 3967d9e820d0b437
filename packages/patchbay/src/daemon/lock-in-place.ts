import { fstatSync } from 'node:fs'
import { type FileLock, type LockOptions, lockFile } from '@patchbay/linux/sys'
import { statusOf } from '../executor/file-status.ts'

/**
 * Locks a file that its holder removes before it lets go. A file that was opened just before that is locked for nothing: then
 * the one that is there now is.
 *
 * @throws as `lockFile`
 */
export async function lockInPlace(path: string, options: LockOptions, lock = lockFile): Promise<FileLock> {
  for (;;) {
    const held = await lock(path, options)
    if (isInPlace(held)) return held
    held.close()
  }
}

function isInPlace({ fd, path }: FileLock): boolean {
  const [held, found] = [fstatSync(fd), statusOf(path)]
  return found !== undefined && held.dev === found.dev && held.ino === found.ino
}
