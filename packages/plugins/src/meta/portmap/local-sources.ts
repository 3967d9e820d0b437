import type { IP } from '@patchbay/address'
import type { Request } from '@patchbay/cni/plugin'
import { isNetlinkError } from '@patchbay/linux/netlink'
import { getLink, getRoute, linkSummary, setIpv4ConfRequest } from '@patchbay/linux/route'
import { type OpenNetns, openNetns } from '../../link/net-context.ts'
import { messageOf } from '../../request/error-message.ts'

/**
 * Lets packets from 127.0.0.1 leave the host by the link that leads to a container, so that a published port is found
 * at that address too; until they are masqueraded they would be refused. Without a way to the container there is
 * nothing to do.
 */
export async function allowLocalSources(request: Request, container: IP): Promise<void> {
  using host = openNetns(request, request.hostNetns)
  const link = await linkTo(host, container)
  if (link === undefined) return
  try {
    await host.route.request(setIpv4ConfRequest(link, { routeLocalnet: 1 }))
  } catch (error) {
    const { ifname } = await getLink(host.route, link, { as: linkSummary })
    throw new Error(`unable to set route_localnet = 1 for "${ifname}": ${messageOf(error)}`, { cause: error })
  }
}

async function linkTo(host: OpenNetns, address: IP): Promise<number | undefined> {
  try {
    return (await getRoute(host.route, address)).oif
  } catch (error) {
    if (isNetlinkError(error, 'ENETUNREACH', 'EHOSTUNREACH', 'EACCES', 'EINVAL')) return undefined
    throw error
  }
}
