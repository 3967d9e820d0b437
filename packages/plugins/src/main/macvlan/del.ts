import type { Request } from '@patchbay/cni/plugin'
import { linkNameOf } from '../../link/link-owner.ts'
import { deleteLinkAndRelease } from '../ipam.ts'
import { loadMacvlanConfig } from './config.ts'

/**
 * Takes a container's interface away. What is gone already, the master included, is fine, and every step runs whatever
 * became of the others.
 */
export async function del(request: Request): Promise<void> {
  const { ipamType } = loadMacvlanConfig(request)
  await deleteLinkAndRelease(request, { ipamType: ipamType || undefined, temporaryName: linkNameOf(request) })
}
