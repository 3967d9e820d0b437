import type { Request } from '@patchbay/cni/plugin'
import { runAll } from '../../request/run-all.ts'
import { collectContainerLinks } from '../collect-links.ts'
import { loadMacvlanConfig } from './config.ts'

/**
 * Removes what containers have left that are gone: interfaces and, by its GC, what the IPAM plugin holds. Every step runs,
 * even if others fail; addresses come last, so that they are not given away while they are configured.
 */
export async function gc(request: Request): Promise<void> {
  const { ipamType } = loadMacvlanConfig(request)
  await runAll(
    () => collectContainerLinks(request, 'macvlan'),
    () => (ipamType === '' ? undefined : request.delegate(ipamType, 'GC')),
  )
}
