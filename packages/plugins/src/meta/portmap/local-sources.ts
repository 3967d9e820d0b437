import type { IP } from '@patchbay/address'
import type { Request } from '@patchbay/cni/plugin'
import { isNetlinkError } from '@patchbay/linux/netlink'
import { readSysctl } from '@patchbay/linux/netns'
import { getLink, getRoute, linkSummary, setIpv4ConfRequest } from '@patchbay/linux/route'
import { type OpenNetns, openNetns } from '../../link/net-context.ts'
import { checkError, remedies } from '../../request/check-error.ts'
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

/** Checks what {@link allowLocalSources} has made: either switch is enough for the kernel. */
export async function checkLocalSources(request: Request, container: IP): Promise<void> {
  using host = openNetns(request, request.hostNetns)
  const index = await linkTo(host, container)
  if (index === undefined) return
  const { ifname = '' } = await getLink(host.route, index, { as: linkSummary })
  const isOn = (name: string) => readSysctl(host.netns, `net/ipv4/conf/${name}/route_localnet`) === '1'
  if (!isOn(ifname) && !isOn('all'))
    throw checkError(
      `Cannot reach published ports at 127.0.0.1: sysctl "net.ipv4.conf.${ifname}.route_localnet" is not 1`,
      remedies.setBack,
    )
}

async function linkTo(host: OpenNetns, address: IP): Promise<number | undefined> {
  try {
    return (await getRoute(host.route, address)).oif
  } catch (error) {
    if (isNetlinkError(error, 'ENETUNREACH', 'EHOSTUNREACH', 'EACCES', 'EINVAL')) return undefined
    throw error
  }
}
