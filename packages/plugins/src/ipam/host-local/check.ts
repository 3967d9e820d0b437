import type { Request } from '@patchbay/cni/plugin'
import { hasCode } from '../../state/file-operation.ts'
import { type HostLocalConfig, loadConfig } from './config.ts'
import { openDirectoryStore } from './directory-store.ts'

/**
 * Checks that the container's interface has a lease, of any address.
 *
 * @throws Error `host-local: Failed to find address added by container c1`
 */
export async function check(request: Request): Promise<void> {
  if (await hasLease(loadConfig(request), request)) return
  throw new Error(`host-local: Failed to find address added by container ${request.containerId}`)
}

async function hasLease({ directory, keeping }: HostLocalConfig, request: Request): Promise<boolean> {
  try {
    await using store = await openDirectoryStore(directory, { ...keeping, signal: request.signal })
    return (await store.leasesOf(request)).length > 0
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error
    return false
  }
}
