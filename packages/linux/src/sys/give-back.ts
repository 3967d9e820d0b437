import { errno } from './errno.ts'
import { native } from './native.ts'
import { checked } from './system-error.ts'

/**
 * Closes the descriptor of a lock, a socket or a namespace. Linux gives it back whatever close(2) answers, and there is no data
 * that could have been lost: a failure is nothing that a caller would have to take back its work for.
 *
 * @throws SystemError `EBADF` when it was not open: then it could have been somebody else's
 */
export function giveBack(fd: number): void {
  const result = native().close(fd)
  if (result === -errno.EBADF) checked('close', result)
}
