import { statSync } from 'node:fs'
import { Namespace, NamespaceNotFoundError, NotANamespaceError } from '@patchbay/linux/netns'
import { errnoText, SystemError } from '@patchbay/linux/sys'

/** A namespace that cannot be opened, in the reference's words. */
export class NetnsError extends Error {
  override readonly name = 'NetnsError'
  /** The name of the error in Linux: `ENOENT`. */
  readonly code: string
  /** Whether there was a namespace that is gone, as far as its path tells. */
  readonly isGone: boolean

  constructor(message: string, code: string, { isGone = false } = {}) {
    super(message)
    this.code = code
    this.isGone = isGone
  }
}

/**
 * Whether the namespace is gone: there is no file at its path, or only the empty one that it was mounted on, which whoever
 * unmounts it may leave behind.
 */
export function isMissingNetns(error: unknown): boolean {
  return error instanceof NetnsError && error.isGone
}

/**
 * Opens a namespace by path.
 *
 * @throws NetnsError when the path leads to no namespace; the message names the path
 */
export function openNamespace(path: string): Namespace {
  try {
    return Namespace.open(path)
  } catch (error) {
    throw inReferenceWords(error)
  }
}

function inReferenceWords(error: unknown): unknown {
  if (error instanceof NamespaceNotFoundError)
    return new NetnsError(`failed to Statfs "${error.path}": no such file or directory`, error.code, { isGone: true })
  if (error instanceof NotANamespaceError)
    return new NetnsError(`unknown FS magic on "${error.path}": ${error.fileSystemType.toString(16)}`, error.code, {
      isGone: isEmptyFile(error.path),
    })
  if (error instanceof SystemError && error.syscall === 'statfs')
    return new NetnsError(`failed to Statfs "${error.path}": ${errnoText(error.errno)}`, error.code)
  return error
}

function isEmptyFile(path: string): boolean {
  const status = statSync(path, { throwIfNoEntry: false })
  return status === undefined || (status.isFile() && status.size === 0)
}
