import type { IP } from '@patchbay/address'
import type { Request } from '@patchbay/cni/plugin'
import { isNetlinkError } from '@patchbay/linux/netlink'
import { writeSysctl } from '@patchbay/linux/netns'
import { getLink, getRoute } from '@patchbay/linux/route'
import { messageOf } from '../error-message.ts'
import { type Host, openHost } from '../hosts.ts'

/**
 * Lets packets from 127.0.0.1 leave the host by the link that leads to a container, so that a published port is found
 * at that address too; until they are masqueraded they would be refused. Without a way to the container there is
 * nothing to do.
 */
export async function allowLocalSources(request: Request, container: IP): Promise<void> {
  using host = openHost(request.hostNetns)
  const ifName = await linkTo(host, container)
  if (ifName === undefined) return
  try {
    writeSysctl(host.netns, `net/ipv4/conf/${ifName}/route_localnet`, '1')
  } catch (error) {
    throw new Error(`unable to set route_localnet = 1 for "${ifName}": ${messageOf(error)}`, { cause: error })
  }
}

async function linkTo(host: Host, address: IP): Promise<string | undefined> {
  try {
    const { oif } = await getRoute(host.route, address)
    return oif === undefined ? undefined : (await getLink(host.route, oif)).ifname
  } catch (error) {
    if (isNetlinkError(error, 'ENETUNREACH', 'EHOSTUNREACH', 'EACCES', 'EINVAL')) return undefined
    throw error
  }
}
