import type { Request } from '@patchbay/cni/plugin'
import { findLink, getLink, linkSummary } from '@patchbay/linux/route'
import { requirePrevResult } from '../../link/check-interface.ts'
import { openNetns } from '../../link/net-context.ts'
import { repairMasquerade } from '../../rules/masquerade/index.ts'
import { loadBridgeConfig } from './config.ts'
import type { BridgePort } from './spoof-check.ts'

/** Puts back the rules of an attachment that is as its ADD left it; touches no link, and names what it has put back. */
export async function repair(request: Request): Promise<string[]> {
  const config = loadBridgeConfig(request)
  const restored: string[] = []
  // Before anything is put back: without the interface there is nothing to put it back for.
  const port = config.macspoofchk ? await findPort(request) : undefined
  const { ips = [], interfaces } = requirePrevResult(request)
  const addresses = ips.filter((ip) => interfaces?.[ip.interface ?? -1]?.name === request.ifName)
  if (config.ipMasq) {
    await repairMasquerade(
      request,
      config,
      addresses.map(({ address }) => address),
    )
    restored.push('masquerade')
  }
  if (port) {
    const { ensureSpoofCheck } = await import('./spoof-check.ts')
    await ensureSpoofCheck(request, port)
    restored.push('macspoofchk')
  }
  return restored
}

/** @throws Error when the container has no such interface any more */
async function findPort(request: Request): Promise<BridgePort> {
  using container = openNetns(request, request.netns)
  using host = openNetns(request, request.hostNetns)
  const link = await findLink(container.route, request.ifName, { as: linkSummary })
  if (link?.link === undefined) throw new Error(`Cannot find container link ${request.ifName}`)
  const { ifname = '' } = await getLink(host.route, link.link, { as: linkSummary })
  return { ifName: ifname, mac: String(link.address) }
}
