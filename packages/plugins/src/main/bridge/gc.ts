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
  const { ipamType } = loadBridgeConfig(request)
  await runAll(
    // Whatever the network asks for now, it may have asked for more when they came.
    () => collectMasquerade(request),
    () => collectPairs(request),
    // For ports that are there no more: after the pairs.
    async () => (await import('./spoof-check.ts')).collectSpoofChecks(request),
    () => (ipamType === '' ? undefined : request.delegate(ipamType, 'GC')),
  )
}
