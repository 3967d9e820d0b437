import type { Request } from '@patchbay/cni/plugin'
import { collectMasquerade } from '../masquerade/index.ts'
import { loadPtpConfig } from './config.ts'

/** Removes the masquerading of containers that are gone; links and leases end with their namespaces and by IPAM's GC. */
export async function gc(request: Request): Promise<void> {
  if (loadPtpConfig(request).ipMasq) await collectMasquerade(request)
}
