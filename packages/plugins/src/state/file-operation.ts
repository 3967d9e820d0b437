import { SystemError } from '@patchbay/linux/sys'

/**
 * Runs a call of node:fs, and turns its errors into the system's text: `open /x: no such file or directory`.
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

/** Turns an error of node:fs into a {@link SystemError}; other errors are returned unchanged. */
export function asSystemError(error: unknown, { syscall, path }: { syscall: string; path: string }): unknown {
  if (!(error instanceof Error && 'errno' in error && typeof error.errno === 'number')) return error
  // The call may open and read: Node names the one that failed.
  const failed = 'syscall' in error ? String(error.syscall) : syscall
  return new SystemError(failed, Math.abs(error.errno), path)
}

/** Whether an error has this code: `ENOENT`. */
export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
