import type { IP } from '@patchbay/address'
import { parsePrevResult, type Request } from '@patchbay/cni/plugin'
import type { Result } from '@patchbay/cni/types'
import { checkError, remedies } from '../../request/check-error.ts'
import { hasCode } from '../../state/file-operation.ts'
import { type HostLocalConfig, loadConfig } from './config.ts'
import { openDirectoryStore } from './directory-store.ts'
import { rangeFor } from './range.ts'

/**
 * Checks that the container's interface has a lease of each address that it has of the network's ranges, and at least one.
 *
 * @throws Error `host-local: Failed to find address added by container c1`
 */
export async function check(request: Request): Promise<void> {
  const config = loadConfig(request)
  const leased = await leasedTo(config, request)
  const lost = addressesOf(request).find((ip) => isOfNetwork(config, ip) && !leased.some((each) => each.equals(ip)))
  if (leased.length > 0 && !lost) return
  const text = `host-local: Failed to find address added by container ${request.containerId}`
  if (!lost) throw new Error(text)
  const lease = `the lease of ${lost} of "${request.ifName}" in "${config.directory}"`
  throw checkError(text, `Cannot find ${lease}: it is gone, or another container's; ${remedies.again}`)
}

async function leasedTo({ directory, keeping }: HostLocalConfig, request: Request): Promise<IP[]> {
  try {
    await using store = await openDirectoryStore(directory, { ...keeping, signal: request.signal })
    return (await store.leasesOf(request)).map(({ ip }) => ip)
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error
    return []
  }
}

/** Other plugins may have added addresses, which are no business of this one. */
function isOfNetwork({ sets }: HostLocalConfig, ip: IP): boolean {
  return sets.some((set) => rangeFor(set, ip) !== undefined)
}

function addressesOf(request: Request): IP[] {
  const { interfaces = [], ips = [] } = resultOf(request) ?? {}
  const own = ips.filter(({ interface: index }) => {
    const link = index === undefined ? undefined : interfaces[index]
    return link === undefined || (link.name === request.ifName && Boolean(link.sandbox))
  })
  return own.map(({ address }) => address.address)
}

/** What is wrong with a result is for the plugin to say that asks. */
function resultOf({ config }: Request): Result | undefined {
  try {
    return parsePrevResult(config)
  } catch {
    return undefined
  }
}
