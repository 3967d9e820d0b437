import type { Request } from '@patchbay/cni/plugin'
import { allSteps } from '../all-steps.ts'
import { deleteContainerLink } from '../delete-container-link.ts'
import { loadMacvlanConfig } from './config.ts'

/**
 * Takes a container's interface away. What is gone already, the master included, is fine, and every step runs whatever
 * became of the others.
 */
export async function del(request: Request): Promise<void> {
  const { ipamType } = loadMacvlanConfig(request)
  await allSteps(
    () => (ipamType === '' ? undefined : request.delegate(ipamType, 'DEL')),
    () => deleteContainerLink(request.netns, request.ifName),
  )
}
