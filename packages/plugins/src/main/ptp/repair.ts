import type { Request } from '@patchbay/cni/plugin'
import { requirePrevResult } from '../../link/check-interface.ts'
import { repairMasquerade } from '../../rules/masquerade/index.ts'
import { loadPtpConfig } from './config.ts'

/** Puts back the rules of an attachment that is as its ADD left it; touches no link, and names what it has put back. */
export async function repair(request: Request): Promise<string[]> {
  const config = loadPtpConfig(request)
  if (!config.ipMasq) return []
  const { ips = [] } = requirePrevResult(request, 'ptp')
  await repairMasquerade(
    request,
    config,
    ips.map(({ address }) => address),
  )
  return ['masquerade']
}
