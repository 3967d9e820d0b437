import type { Request } from '@patchbay/cni/plugin'
import { netConf } from '@patchbay/cni/types'
import { allSteps } from '../all-steps.ts'
import { loadConfig } from './config.ts'
import { openDirectoryStore } from './directory-store.ts'
import { hasCode } from './file-operation.ts'
import type { Lease } from './lease-store.ts'

type ValidAttachments = readonly { readonly containerID?: string; readonly ifname?: string }[]

/**
 * Ends the leases in this network of all that is not in `cni.dev/valid-attachments`, and those that a crash has left to
 * nobody. A configuration without that key says nothing of who is alive, so nothing is ended.
 */
export async function gc(request: Request): Promise<void> {
  const { validAttachments } = netConf.decode(request.config)
  if (validAttachments === undefined) return
  const { directory } = loadConfig(request)
  try {
    using store = await openDirectoryStore(directory, request)
    const stale = store.allLeases().filter((lease) => !isHeld(lease, validAttachments))
    await allSteps(
      ...stale.map(
        ({ ip }) =>
          () =>
            store.release(ip),
      ),
    )
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error
  }
}

/** A lease in the old form, which names the container alone, is held by any attachment of that container. */
export function isHeld({ owner }: Lease, valid: ValidAttachments): boolean {
  if (owner === undefined) return false
  const { containerId, ifName } = owner
  return valid.some(
    ({ containerID, ifname }) => containerID === containerId && (ifName === undefined || ifname === ifName),
  )
}
