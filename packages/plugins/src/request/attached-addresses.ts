import type { CIDR } from '@patchbay/address'
import type { Request } from '@patchbay/cni/plugin'
import { chainedResult } from './chained-result.ts'

/** The addresses that ADD returned, for a DEL whose runtime tells them; otherwise `undefined`. */
export function attachedAddresses(request: Request): CIDR[] | undefined {
  const addresses = chainedResult(request)?.ips?.map(({ address }) => address) ?? []
  return addresses.length > 0 ? addresses : undefined
}
