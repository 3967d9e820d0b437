import { readSysctl, writeSysctl } from '@patchbay/linux/netns'
import { findLink, IFA_F, linkSummary, listAddresses, listRoutes, RT_TABLE, RTPROT } from '@patchbay/linux/route'
import { SystemError } from '@patchbay/linux/sys'
import { isShortage } from '../request/shortage.ts'
import type { OpenNetns } from './net-context.ts'

/** A container must not be able to give the host routes by router advertisements (CVE-2020-10749). */
export function acceptNoRouterAdvertisements(host: OpenNetns, ifname: string): void {
  writeWhereKnown(host, `net/ipv6/conf/${ifname}/accept_ra`, '0')
}

/**
 * Has the host use its IPv6 addresses on a link at once: nobody is there but the host and its containers. Otherwise the kernel
 * looks for duplicates first, and answers nobody for up to two seconds. Called before the link is up.
 */
export function expectNoDuplicates(host: OpenNetns, ifname: string): void {
  writeWhereKnown(host, `net/ipv6/conf/${ifname}/accept_dad`, '0')
}

/**
 * Has the kernel take `IFA_F_OPTIMISTIC` for the addresses that `work` adds to a link: they are used while the kernel looks for
 * duplicates (RFC 4429). Without this switch, and on a kernel without it, the flag changes nothing.
 */
export async function allowOptimistic(host: OpenNetns, ifname: string, work: () => Promise<void>): Promise<void> {
  const sysctl = `net/ipv6/conf/${ifname}/optimistic_dad`
  const before = readWhereKnown(host, sysctl)
  if (before !== '0') return work()
  writeWhereKnown(host, sysctl, '1')
  try {
    await work()
  } finally {
    writeWhereKnown(host, sysctl, before)
  }
}

/** `net.ipv6.conf.*.accept_ra`: when the host does not forward, and always. */
const ACCEPT_RA = { AS_HOST: 1, ALWAYS: 2 } as const

/**
 * Has the host go on listening to its routers once it forwards IPv6. Without this, the kernel deletes what it has learnt from
 * router advertisements, the default route first of all, and ignores those to come. Concerns the links that have such a route or
 * address, and accept advertisements today. Called before forwarding is switched on.
 */
export async function keepRouterAdvertisements(host: OpenNetns): Promise<void> {
  for (const index of await advertisedLinks(host)) {
    const link = await findLink(host.route, index, { as: linkSummary })
    if (link?.acceptRa === ACCEPT_RA.AS_HOST) acceptAlways(host, link.ifname ?? '')
  }
}

/** The links by which routers have given the host routes, or a prefix to take an address of. */
async function advertisedLinks(host: OpenNetns): Promise<Set<number>> {
  const routes = await listRoutes(host.route, { family: 6, table: RT_TABLE.UNSPEC, protocol: RTPROT.RA })
  const hops = routes.flatMap(({ oif, multipath = [] }) => [oif, ...multipath.map(({ ifindex }) => ifindex)])
  const addresses = await listAddresses(host.route, { family: 6 })
  const own = addresses.filter(({ flags = 0 }) => (flags & IFA_F.MANAGETEMPADDR) !== 0)
  return new Set([...hops, ...own.map(({ index }) => index)].filter((index) => index !== undefined))
}

function acceptAlways(host: OpenNetns, ifname: string): void {
  try {
    writeSysctl(host.netns, `net/ipv6/conf/${ifname}/accept_ra`, String(ACCEPT_RA.ALWAYS))
  } catch (error) {
    // The link has gone meanwhile.
    if (!(error instanceof SystemError && error.code === 'ENOENT')) throw error
  }
}

/**
 * Keeps the host from speaking IPv6 on a link that has no business with it. By an address that the kernel makes up, a
 * container would reach whatever the host serves there, past filters that know its IPv4 address only. And each such link
 * would have a route of the same destination as all others: the kernel walks the list of them for every link that comes
 * and goes. Called before the link is up, so that there is nothing to take back.
 */
export function disableIpv6(host: OpenNetns, ifname: string): void {
  writeWhereKnown(host, `net/ipv6/conf/${ifname}/disable_ipv6`, '1')
}

function readWhereKnown(host: OpenNetns, sysctl: string): string | undefined {
  try {
    return readSysctl(host.netns, sysctl)
  } catch {
    return undefined
  }
}

/** What says nothing of the kernel, besides what a process lacks for a moment. */
const accidents: readonly unknown[] = ['EIO', 'ENOSPC']

/** A kernel without IPv6 knows none of this, and needs none of it. Where sysctls cannot be written, the administrator sees to it. */
function writeWhereKnown(host: OpenNetns, sysctl: string, value: string): void {
  try {
    writeSysctl(host.netns, sysctl, value)
  } catch (error) {
    if (isShortage(error) || (error instanceof SystemError && accidents.includes(error.code))) throw error
  }
}
