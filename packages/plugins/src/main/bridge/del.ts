import type { Request } from '@patchbay/cni/plugin'
import { runAll } from '../../request/run-all.ts'
import { removeMasquerade } from '../../rules/masquerade/index.ts'
import { detach } from '../detach.ts'
import { loadBridgeConfig } from './config.ts'

/** Detaches a container. What is gone already is fine, and every step runs even if others fail. */
export async function del(request: Request): Promise<void> {
  const { ipamType, ipMasq, macspoofchk } = loadBridgeConfig(request)
  // Both delete rules by one socket, which ends slowly.
  using _socket = macspoofchk ? await (await import('../../rules/ruleset/index.ts')).findRuleset(request) : undefined
  const masquerading = ipMasq ? { removeRules: () => removeMasquerade(request) } : {}
  await runAll(
    () => detach(request, { ipamType: ipamType || undefined, ...masquerading }),
    async () => (macspoofchk ? (await import('./spoof-check.ts')).removeSpoofCheck(request) : undefined),
  )
}
