import type { Request } from '@patchbay/cni/plugin'
import { runAll } from '../../request/run-all.ts'
import { collectMasquerade } from '../../rules/masquerade/index.ts'
import { collectPairs } from '../collect-links.ts'
import { loadBridgeConfig } from './config.ts'

/**
 * Removes what containers have left that are gone: rules, ports and, by its GC, what the IPAM plugin holds. Every step runs,
 * even if others fail; addresses come last, so that they are not given away while they are configured.
 */
export async function gc(request: Request): Promise<void> {
  const { ipMasq, ipamType, macspoofchk } = loadBridgeConfig(request)
  await runAll(
    () => (ipMasq ? collectMasquerade(request) : undefined),
    () => collectPairs(request),
    // For ports that are there no more: after the pairs.
    async () => (macspoofchk ? (await import('./spoof-check.ts')).collectSpoofChecks(request) : undefined),
    () => (ipamType === '' ? undefined : request.delegate(ipamType, 'GC')),
  )
}
