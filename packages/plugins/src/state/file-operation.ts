import { SystemError } from '@patchbay/linux/sys'

/**
 * Runs a call of node:fs, whose errors then read as the system says them: `open /x: no such file or directory`.
 *
 * @throws SystemError
 */
export function fileOperation<T>(syscall: string, path: string, call: () => T): T {
  try {
    return call()
  } catch (error) {
    throw asSystemError(error, { syscall, path })
  }
}

/** What an error of node:fs is as a {@link SystemError}; any other one stays what it is. */
export function asSystemError(error: unknown, { syscall, path }: { syscall: string; path: string }): unknown {
  if (!(error instanceof Error && 'errno' in error && typeof error.errno === 'number')) return error
  // A file may be opened well and then not be read: Node tells which it was.
  const failed = 'syscall' in error ? String(error.syscall) : syscall
  return new SystemError(failed, Math.abs(error.errno), path)
}

/** Whether an error is the system's, with this code: `ENOENT`. */
export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
