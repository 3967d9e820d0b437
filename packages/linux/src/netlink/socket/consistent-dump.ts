import { errno } from '../../sys/index.ts'
import { NetlinkError } from './netlink-error.ts'

/** A list that other processes keep changing under us is read this often. */
const DUMP_ATTEMPTS = 16

/** One reading of a list: its objects, and whether the list changed meanwhile. */
export interface Reading<R> {
  readonly interrupted: boolean
  /** @throws NetlinkError when the kernel refused */
  result(): R[]
}

/**
 * The objects of the first reading during which the list stayed the same.
 *
 * @throws NetlinkError `EINTR` when every reading was interrupted by a change, or what a reading throws
 */
export async function consistentDump<R>(operation: string, read: () => Reading<R> | Promise<Reading<R>>): Promise<R[]> {
  for (let attempt = 0; attempt < DUMP_ATTEMPTS; attempt++) {
    const reading = await read()
    const objects = reading.result()
    if (!reading.interrupted) return objects
  }
  throw new NetlinkError(operation, errno.EINTR, {
    extack: { message: `the list changed during each of ${DUMP_ATTEMPTS} readings` },
  })
}
