import type { Request } from '@patchbay/cni/plugin'
import { runAll } from '../../request/run-all.ts'
import { type ValidAttachment, validAttachmentsOf } from '../../request/valid-attachments.ts'
import { hasCode } from '../../state/file-operation.ts'
import { loadConfig } from './config.ts'
import { openDirectoryStore } from './directory-store.ts'
import type { Lease } from './lease-store.ts'

/**
 * Ends the leases of this network whose attachment is missing from `cni.dev/valid-attachments`, and those that a crash has
 * corrupted. Without that key the valid attachments are unknown, and no lease is ended.
 */
export async function gc(request: Request): Promise<void> {
  const valid = validAttachmentsOf(request)
  if (valid === undefined) return
  const { directory, keeping } = loadConfig(request)
  try {
    await using store = await openDirectoryStore(directory, { ...keeping, signal: request.signal })
    const isHeld = holders(valid)
    const stale = (await store.allLeases()).filter((lease) => !isHeld(lease))
    await runAll(
      ...stale.map(
        ({ ip }) =>
          () =>
            store.release(ip),
      ),
      () => store.tidy(),
      () => store.sync(),
    )
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error
  }
}

/**
 * Returns a function that tells whether a valid attachment holds a lease. It looks attachments up, since there may be as
 * many of them as of leases. Any attachment of a container holds a lease in the old form, which names the container alone.
 */
function holders(valid: readonly ValidAttachment[]): (lease: Lease) => boolean {
  const interfaces = new Set(valid.map(({ containerId, ifName }) => keyOf(containerId, ifName)))
  const containers = new Set(valid.map(({ containerId }) => containerId))
  return ({ owner }) => {
    if (owner === undefined) return false
    const { containerId, ifName } = owner
    return ifName === undefined ? containers.has(containerId) : interfaces.has(keyOf(containerId, ifName))
  }
}

/** Neither part can hold what stands between them. */
function keyOf(containerId: string, ifName: string): string {
  return `${containerId}/${ifName}`
}
