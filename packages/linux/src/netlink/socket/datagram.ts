import { SystemError } from '../../sys/index.ts'

/** The kernel fills dump datagrams up to 32 KiB when the reader offers that much; acknowledgements are far smaller. */
export const DATAGRAM_BYTES = 65536

/** Where this thread receives: one answer at a time. A process opens sockets by the dozen, and new memory is cleared. */
export const ownSpace: Uint8Array = new Uint8Array(DATAGRAM_BYTES)

/**
 * The length of what has been received into a space.
 *
 * @throws SystemError `EMSGSIZE` when the datagram is longer than the space for it
 */
export function lengthWithin(length: number): number {
  if (length > DATAGRAM_BYTES) throw new SystemError('recv', 90 /* EMSGSIZE */)
  return length
}
