import type { Request } from '@patchbay/cni/plugin'
import { netConf } from '@patchbay/cni/types'

/** An interface of a container that is still alive. */
export interface ValidAttachment {
  readonly containerId: string
  readonly ifName: string
}

/**
 * The attachments that are still alive, as GC is told by `cni.dev/valid-attachments`. `undefined` when the configuration
 * says nothing of them: then nothing may be taken for dead.
 */
export function validAttachmentsOf(request: Request): ValidAttachment[] | undefined {
  const { validAttachments } = netConf.decode(request.config)
  return validAttachments?.map(({ containerID = '', ifname = '' }) => ({ containerId: containerID, ifName: ifname }))
}
