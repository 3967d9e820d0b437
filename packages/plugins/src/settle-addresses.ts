import {
  type Address,
  briefLink,
  dumpAddresses,
  getLink,
  IF_OPER,
  IFA_F,
  openRouteSocket,
  RTNLGRP,
} from '@patchbay/linux/route'
import type { ContainerLink, Host } from './hosts.ts'

/**
 * Waits until duplicate address detection has let every IPv6 address of a link through, as the kernel announces it.
 *
 * @throws Error when an address is a duplicate, or when some are tentative still after `limitMs` on a link that is up
 */
export async function settleAddresses(host: Host, link: ContainerLink, limitMs: number): Promise<void> {
  if (!(await hasTentative(host, link))) return
  // Listening begins before the second look, so that no change falls between the two.
  using news = openRouteSocket({ netns: host.netns, groups: [RTNLGRP.IPV6_IFADDR] })
  const deadline = performance.now() + limitMs
  while (await hasTentative(host, link)) {
    const left = Math.ceil(deadline - performance.now())
    if (left > 0 && (await news.receive(left))) continue
    if ((await getLink(host.route, link.index, { as: briefLink })).operstate !== IF_OPER.UP) return
    throw new Error(`link ${link.ifName} still has tentative addresses after ${limitMs / 1000} seconds`)
  }
}

async function hasTentative(host: Host, link: ContainerLink): Promise<boolean> {
  const addresses = await dumpAddresses(host.route, { index: link.index, version: 6 })
  const failed = addresses.find((address) => has(address, IFA_F.DADFAILED))
  if (failed) throw new Error(`link ${link.ifName} has address ${failed.address.address} in DADFAILED state`)
  return addresses.some((address) => has(address, IFA_F.TENTATIVE))
}

function has(address: Address, flag: number): boolean {
  return ((address.flags ?? 0) & flag) !== 0
}
