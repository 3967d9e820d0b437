import type { Request } from '@patchbay/cni/plugin'
import { runAll } from '../../request/run-all.ts'
import { removeMasquerade } from '../../rules/masquerade/index.ts'
import { deleteLinkAndRelease } from '../ipam.ts'
import { loadBridgeConfig } from './config.ts'

/** Detaches a container. What is gone already is fine, and every step runs whatever became of the others. */
export async function del(request: Request): Promise<void> {
  const { ipamType, ipMasq, macspoofchk } = loadBridgeConfig(request)
  // Both delete rules by one socket, which ends slowly.
  using _socket = macspoofchk
    ? await (await import('../../rules/ruleset/index.ts')).findRuleset(request.hostNetns)
    : undefined
  const masquerading = ipMasq ? { meanwhile: () => removeMasquerade(request) } : {}
  await runAll(
    () => deleteLinkAndRelease(request, { ipamType: ipamType || undefined, ...masquerading }),
    async () => (macspoofchk ? (await import('./spoof-check.ts')).removeSpoofCheck(request) : undefined),
  )
}
