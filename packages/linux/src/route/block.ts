import { CIDR, type IP, IPv4, parseIP } from '@patchbay/address'
import { AF } from './constants.ts'

/**
 * The block of addresses that a header and an attribute of the kernel describe together. The kernel leaves the address out where
 * no bit of it counts. `undefined` for an address of another family, and for what is no block.
 */
export function blockOf(family: number, address: IP | undefined, prefixLength: number): CIDR | undefined {
  if (family !== AF.INET && family !== AF.INET6) return undefined
  const unspecified = family === AF.INET ? IPv4.fromNumber(0) : parseIP('::')
  const start = address ?? (prefixLength === 0 ? unspecified : undefined)
  return start && prefixLength <= start.bits ? CIDR.of(start, prefixLength) : undefined
}
