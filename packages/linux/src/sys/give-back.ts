import { errno } from './errno.ts'
import { type Native, native } from './native.ts'
import { checked } from './system-error.ts'

/**
 * Closes the descriptor of a lock, a socket or a namespace. Linux closes it even when close(2) fails, and no
 * data can be lost: a caller need not undo its work for such a failure.
 *
 * @throws SystemError `EBADF` when it was not open: the number could belong to another file
 */
export function giveBack(fd: number, calls: Pick<Native, 'close'> = native()): void {
  const result = calls.close(fd)
  if (result === -errno.EBADF) checked('close', result)
}
