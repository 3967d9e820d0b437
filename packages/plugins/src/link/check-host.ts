import type { CIDR, IP } from '@patchbay/address'
import { isNetlinkError } from '@patchbay/linux/netlink'
import { readSysctl } from '@patchbay/linux/netns'
import { getRoute, type LinkSummary, listAddresses, listRoutes, RTN } from '@patchbay/linux/route'
import { checkError, remedies } from '../request/check-error.ts'
import { forwardingSysctl } from './forwarding.ts'
import type { OpenNetns } from './net-context.ts'

/** A link of the host that serves containers. */
export type HostLink = Pick<LinkSummary, 'index' | 'ifname'>

/** Checks that a link of the host has addresses: those that containers know as their gateways. */
export async function checkGateways(host: OpenNetns, link: HostLink, gateways: readonly CIDR[]): Promise<void> {
  for (const family of new Set(gateways.map((gateway) => gateway.family))) {
    const present = await listAddresses(host.route, { index: link.index, family })
    const missing = gateways.find(
      (gateway) => gateway.family === family && !present.some(({ address }) => address.equals(gateway)),
    )
    if (missing) throw checkError(`Cannot find gateway address ${missing} on interface "${link.ifname}" of the host`)
  }
}

/** Checks that the host reaches addresses of a container, with what a route leads to, by a link. */
export async function checkReached(host: OpenNetns, link: HostLink, destinations: readonly CIDR[]): Promise<void> {
  for (const dst of destinations)
    if (!(await leadsTo(host, link, dst.address)))
      throw checkError(
        `Cannot reach ${dst.address} from the host: no route leads there by interface "${link.ifname}"`,
        `add it: ip route add ${dst.masked()} dev ${link.ifname}`,
      )
}

/** One route is asked for. All of the link's are read only when another link comes first, as with networks of one subnet. */
async function leadsTo(host: OpenNetns, { index }: HostLink, address: IP): Promise<boolean> {
  const best = await bestRoute(host, address)
  if (best === index) return true
  const routes = await listRoutes(host.route, { family: address.family, oif: index })
  return routes.some(({ dst, type }) => type === RTN.UNICAST && dst.prefixLength > 0 && dst.contains(address))
}

async function bestRoute(host: OpenNetns, address: IP): Promise<number | undefined> {
  try {
    return (await getRoute(host.route, address)).oif
  } catch (error) {
    if (isNetlinkError(error, 'ENETUNREACH', 'EHOSTUNREACH', 'EACCES', 'EINVAL')) return undefined
    throw error
  }
}

/** Checks that the host forwards packets of these IP versions. */
export function checkForwarding(host: OpenNetns, versions: Iterable<4 | 6>): void {
  for (const version of new Set(versions)) {
    const name = forwardingSysctl[version]
    if (readSysctl(host.netns, name) === '0')
      throw checkError(
        `Cannot forward IPv${version} packets of containers: sysctl "${name.replaceAll('/', '.')}" is 0`,
        remedies.setBack,
      )
  }
}

/** Checks that a container cannot give the host routes by router advertisements (CVE-2020-10749). */
export function checkAdvertisements(host: OpenNetns, ifname: string): void {
  const read = (name: string) => readWhereKnown(host, `net/ipv6/conf/${ifname}/${name}`)
  if ((read('accept_ra') ?? '0') === '0' || read('disable_ipv6') === '1') return
  throw checkError(
    `Cannot keep router advertisements of containers from the host: sysctl "net.ipv6.conf.${ifname}.accept_ra" is not 0`,
    remedies.setBack,
  )
}

function readWhereKnown(host: OpenNetns, sysctl: string): string | undefined {
  try {
    return readSysctl(host.netns, sysctl)
  } catch {
    // A kernel without IPv6 has no such switch.
    return undefined
  }
}
