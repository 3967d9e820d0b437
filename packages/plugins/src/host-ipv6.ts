import { writeSysctl } from '@patchbay/linux/netns'
import type { Host } from './hosts.ts'

/** A container must not be able to give the host routes by router advertisements (CVE-2020-10749). */
export function acceptNoRouterAdvertisements(host: Host, ifname: string): void {
  writeWhereKnown(host, `net/ipv6/conf/${ifname}/accept_ra`, '0')
}

/**
 * Keeps the host from speaking IPv6 on a link that has no business with it. By an address that the kernel makes up, a
 * container would reach whatever the host serves there, past filters that know its IPv4 address only. And each such link
 * would have a route of the same destination as all others: the kernel walks the list of them for every link that comes
 * and goes. Called before the link is up, so that there is nothing to take back.
 */
export function disableIpv6(host: Host, ifname: string): void {
  writeWhereKnown(host, `net/ipv6/conf/${ifname}/disable_ipv6`, '1')
}

/** A kernel without IPv6 knows none of this, and needs none of it. */
function writeWhereKnown(host: Host, sysctl: string, value: string): void {
  try {
    writeSysctl(host.netns, sysctl, value)
  } catch {}
}
