import { JsonError } from '../json/index.ts'
import { CniError, isCniError, PluginNotFoundError } from '../types/index.ts'

/** The system's sentences where Node's are others, <errno.h>; Go prints these. */
const sentences: Readonly<Record<string, string>> = {
  E2BIG: 'argument list too long',
  EACCES: 'permission denied',
  EAGAIN: 'resource temporarily unavailable',
  EEXIST: 'file exists',
  EINVAL: 'invalid argument',
  EIO: 'input/output error',
  EISDIR: 'is a directory',
  ELOOP: 'too many levels of symbolic links',
  EMFILE: 'too many open files',
  ENAMETOOLONG: 'file name too long',
  ENFILE: 'too many open files in system',
  ENOENT: 'no such file or directory',
  ENOEXEC: 'exec format error',
  ENOMEM: 'cannot allocate memory',
  ENOSPC: 'no space left on device',
  ENOTDIR: 'not a directory',
  EPERM: 'operation not permitted',
  EROFS: 'read-only file system',
  ETXTBSY: 'text file busy',
}

/** Returns the system's sentence for an error code such as `ENOENT`; `fallback` for one it does not know. */
export function errnoText(code: string, fallback: string): string {
  return sentences[code] ?? fallback
}

/** Returns the `code` of an error that the system caused, empty for any other. */
export function errnoOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}

/** Returns how Go prints a failed operation on a file: `open /etc/cni: permission denied`. */
export function pathErrorText(operation: string, path: string, error: unknown): string {
  return `${operation} ${path}: ${errnoText(errnoOf(error), String(error))}`
}

/** Returns an error's message, or any other thrown value as text. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/**
 * Returns an error that says in front of another one's message what was being done. That one is its cause, and it is told by
 * the same class and code.
 */
export function wrapError(doing: string, error: unknown): Error {
  if (isCniError(error)) {
    const { code, msg, details } = error
    return new CniError(code, `${doing}: ${msg}`, { details, cause: error })
  }
  const message = `${doing}: ${messageOf(error)}`
  if (error instanceof PluginNotFoundError) {
    return new PluginNotFoundError(error.plugin, error.path, { message, cause: error })
  }
  if (error instanceof AggregateError) return new AggregateError(error.errors, message, { cause: error })
  const Kind = error instanceof JsonError ? JsonError : Error
  return new Kind(message, { cause: error })
}
