import type { IPConfig } from '@patchbay/cni/types'
import { isNetlinkError } from '@patchbay/linux/netlink'
import { addRouteRequest, getRoute, type LinkSummary, RT_SCOPE } from '@patchbay/linux/route'
import type { OpenNetns } from '../../link/net-context.ts'
import { sendSteps } from '../../link/send-steps.ts'

/**
 * Gives the host routes to the subnets whose gateway is not in them, such as a link-local one: the kernel makes a route to the
 * network of the gateway alone.
 *
 * @throws Error `failed to add route SUBNET dev LINK: file exists` when the subnet is reached by another link
 */
export async function ensureSubnetRoutes(host: OpenNetns, link: LinkSummary, ips: readonly IPConfig[]): Promise<void> {
  for (const ip of ips) if (ip.gateway && !ip.address.contains(ip.gateway)) await ensureRoute(host, link, ip)
}

async function ensureRoute(host: OpenNetns, link: LinkSummary, ip: IPConfig): Promise<void> {
  if (await isReached(host, link, ip)) return
  const dst = ip.address.masked()
  const what = () => `add route ${dst} dev ${link.ifname}`
  const request = addRouteRequest({ dst, oif: link.index, scope: RT_SCOPE.LINK })
  try {
    await sendSteps(host, [{ what, request }])
  } catch (error) {
    // Lost a race: created concurrently.
    if (!(await isReached(host, link, ip))) throw error
  }
}

async function isReached(host: OpenNetns, link: LinkSummary, { address: { address } }: IPConfig): Promise<boolean> {
  try {
    return (await getRoute(host.route, address)).oif === link.index
  } catch (error) {
    if (isNetlinkError(error, 'ENETUNREACH', 'EHOSTUNREACH', 'EACCES', 'EINVAL')) return false
    throw error
  }
}
