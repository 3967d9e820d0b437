import type { Request } from '@patchbay/cni/plugin'
import { linkNameOf } from '../../link/link-owner.ts'
import { detach } from '../detach.ts'
import { loadMacvlanConfig } from './config.ts'

/**
 * Takes a container's interface away. What is gone already, the master included, is fine, and every step runs even if
 * others fail.
 */
export async function del(request: Request): Promise<void> {
  const { ipamType } = loadMacvlanConfig(request)
  await detach(request, { ipamType: ipamType || undefined, temporaryName: linkNameOf(request) })
}
