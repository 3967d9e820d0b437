import { errnoName } from './errno.ts'
import { native } from './native.ts'

/** A system call that failed. */
export class SystemError extends Error {
  override readonly name = 'SystemError'
  /** The call: `setns`, `socket`, `open`. */
  readonly syscall: string
  /** Positive error number, `<errno.h>`. */
  readonly errno: number
  /** Its name: `ENOENT`. */
  readonly code: string
  /** The file that the call was about. */
  readonly path?: string

  constructor(syscall: string, errno: number, path?: string) {
    super(`${syscall}${path === undefined ? '' : ` ${path}`}: ${errnoText(errno)}`)
    this.syscall = syscall
    this.errno = errno
    this.code = errnoName(errno)
    if (path !== undefined) this.path = path
  }
}

/**
 * The result of `work`, which uses functions of `node:fs`.
 *
 * @throws SystemError when a system call failed, and what else `work` throws
 */
export function checkedFileCall<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw isFileError(error) ? new SystemError(error.syscall, Math.abs(error.errno), error.path) : error
  }
}

/** What `node:fs` throws; its `errno` is negated. */
function isFileError(error: unknown): error is Error & { errno: number; syscall: string; path?: string } {
  if (!(error instanceof Error && 'errno' in error && 'syscall' in error)) return false
  return typeof error.errno === 'number' && typeof error.syscall === 'string'
}

/** The result of a native call, or its error. `path` names the file in the message. */
export function checked(syscall: string, result: number, path?: string): number {
  if (result < 0) throw new SystemError(syscall, -result, path)
  return result
}

/** What the native boundary takes off an error number for each system call that came before: `CALL_STEP`. */
const CALL_STEP = 4096

/** The result of a native call that stands for these system calls, or the error of the one that failed. */
export function checkedCalls(syscalls: readonly string[], result: number, path?: string): number {
  if (result < 0) throw callError(syscalls, result, path)
  return result
}

/** The error of the one that failed of these system calls. */
export function callError(syscalls: readonly string[], result: number, path?: string): SystemError {
  return new SystemError(syscalls[Math.floor(-result / CALL_STEP)] ?? '', -result % CALL_STEP, path)
}

/** The C library's text in lower case, as this field prints it: `file exists`. */
export function errnoText(errno: number): string {
  const text = native().strerror(errno)
  return text.slice(0, 1).toLowerCase() + text.slice(1)
}
