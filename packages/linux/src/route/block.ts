import { CIDR, type IP, parseIP } from '@patchbay/address'
import { AF } from './constants.ts'

const unspecified = { [AF.INET]: parseIP('0.0.0.0'), [AF.INET6]: parseIP('::') } as const

/**
 * The block of addresses that a header and an attribute of the kernel describe together. The kernel leaves the address out where
 * no bit of it counts. `undefined` for an address of another family, and for what is no block.
 */
export function blockOf(family: number, address: IP | undefined, prefixLength: number): CIDR | undefined {
  if (family !== AF.INET && family !== AF.INET6) return undefined
  const start = address ?? (prefixLength === 0 ? unspecified[family] : undefined)
  return start && prefixLength <= start.bits ? CIDR.of(start, prefixLength) : undefined
}
