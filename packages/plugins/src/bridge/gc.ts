import type { Request } from '@patchbay/cni/plugin'
import { allSteps } from '../all-steps.ts'
import { collectMasquerade } from '../masquerade/index.ts'
import { loadBridgeConfig } from './config.ts'

/** Removes the rules of containers that are gone; links and leases end with their namespaces and by IPAM's GC. */
export async function gc(request: Request): Promise<void> {
  const { ipMasq, macspoofchk } = loadBridgeConfig(request)
  await allSteps(
    () => (ipMasq ? collectMasquerade(request) : undefined),
    async () => (macspoofchk ? (await import('./spoof-check.ts')).collectSpoofChecks(request) : undefined),
  )
}
