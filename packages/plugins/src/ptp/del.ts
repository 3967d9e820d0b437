import type { Request } from '@patchbay/cni/plugin'
import { deleteLinkAndRelease } from '../ipam.ts'
import { removeMasquerade } from '../masquerade/index.ts'
import { loadPtpConfig } from './config.ts'

/** Detaches a container. What is gone already is fine, and every step runs whatever became of the others. */
export async function del(request: Request): Promise<void> {
  const { ipamType, ipMasq } = loadPtpConfig(request)
  await deleteLinkAndRelease(request, { ipamType, ...(ipMasq && { meanwhile: () => removeMasquerade(request) }) })
}
