import type { Request } from '@patchbay/cni/plugin'
import { allSteps } from '../all-steps.ts'
import { deleteContainerLink } from '../delete-container-link.ts'
import { removeMasquerade } from '../masquerade/index.ts'
import { loadPtpConfig } from './config.ts'

/** Detaches a container. What is gone already is fine, and every step runs whatever became of the others. */
export async function del(request: Request): Promise<void> {
  const { ipamType, ipMasq } = loadPtpConfig(request)
  await allSteps(
    () => request.delegate(ipamType, 'DEL'),
    () => deleteContainerLink(request.netns, request.ifName),
    () => (ipMasq ? removeMasquerade(request) : undefined),
  )
}
