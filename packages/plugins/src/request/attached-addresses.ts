import type { CIDR } from '@patchbay/address'
import { parsePrevResult, type Request } from '@patchbay/cni/plugin'

/**
 * The addresses that ADD returned, for a DEL whose runtime tells them; otherwise `undefined`. What cannot be read is not
 * known: DEL goes on without.
 */
export function attachedAddresses(request: Request): CIDR[] | undefined {
  try {
    const addresses = parsePrevResult(request.config)?.ips?.map(({ address }) => address) ?? []
    return addresses.length > 0 ? addresses : undefined
  } catch {
    return undefined
  }
}
