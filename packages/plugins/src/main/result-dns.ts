import type { DNS } from '@patchbay/cni/types'

/** The resolver settings of a result: the configuration's when it says anything, otherwise the IPAM plugin's. */
export function resultDns(configured: DNS | undefined, fromIpam: DNS | undefined): DNS {
  const says =
    configured && (configured.nameservers || configured.search || configured.options || configured.domain !== undefined)
  return (says ? configured : fromIpam) ?? {}
}
