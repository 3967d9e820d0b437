import {
  type Address,
  getLink,
  IF_OPER,
  IFA_F,
  linkSummary,
  listAddresses,
  openRouteSocket,
  RTNLGRP,
} from '@patchbay/linux/route'
import type { ContainerLink, OpenNetns } from './net-context.ts'

/**
 * How long somebody who has an optimistic address already gets to say so. The kernel asks at once, and a neighbour's kernel answers
 * at once.
 */
const OPTIMISTIC_MS = 20

/**
 * Waits until every IPv6 address of a link can be used, as the kernel announces it: until duplicate address detection has let it
 * through, or, for one that is optimistic, has had the time for a quick answer.
 *
 * @throws Error when an address is a duplicate, or when some are tentative still after `limitMs` on a link that is up; the reason
 *   of the call's signal when that is aborted
 */
export async function settleAddresses(host: OpenNetns, link: ContainerLink, limitMs: number): Promise<void> {
  if ((await detection(host, link)) === 'done') return
  // Listening begins before the second look, so that no change falls between the two.
  using news = openRouteSocket({ netns: host.netns, groups: [RTNLGRP.IPV6_IFADDR] })
  const started = performance.now()
  for (;;) {
    const state = await detection(host, link)
    if (state === 'done') return
    const limit = state === 'optimistic' ? OPTIMISTIC_MS : limitMs
    const left = Math.ceil(started + limit - performance.now())
    if (left > 0 && (await news.receive(left, host.signal))) continue
    if (state === 'optimistic') return
    if ((await getLink(host.route, link.index, { as: linkSummary })).operstate !== IF_OPER.UP) return
    throw new Error(`link ${link.ifName} still has tentative addresses after ${limitMs / 1000} seconds`)
  }
}

/** How far duplicate address detection is with those addresses that it has come least far with. */
async function detection(host: OpenNetns, link: ContainerLink): Promise<'tentative' | 'optimistic' | 'done'> {
  const addresses = await listAddresses(host.route, { index: link.index, family: 6 })
  const failed = addresses.find((address) => has(address, IFA_F.DADFAILED))
  if (failed) throw new Error(`link ${link.ifName} has address ${failed.address.address} in DADFAILED state`)
  const tentative = addresses.filter((address) => has(address, IFA_F.TENTATIVE))
  if (tentative.length === 0) return 'done'
  return tentative.every((address) => has(address, IFA_F.OPTIMISTIC)) ? 'optimistic' : 'tentative'
}

function has(address: Address, flag: number): boolean {
  return ((address.flags ?? 0) & flag) !== 0
}
