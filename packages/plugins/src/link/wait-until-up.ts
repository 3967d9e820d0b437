import { getLink, IF_OPER, type LinkSummary, linkSummary, openRouteSocket, RTNLGRP } from '@patchbay/linux/route'
import type { OpenNetns } from './net-context.ts'

/**
 * Waits until a link is operationally up, as the kernel announces it. Before that, the kernel drops what is sent by it: one end of a
 * veth pair is not ready at once when the other is set up.
 *
 * @returns the link as it is then; after `limitMs`, as it is at last
 * @throws the reason of the call's signal when that is aborted
 */
export async function waitUntilUp(host: OpenNetns, index: number, limitMs: number): Promise<LinkSummary> {
  const first = await getLink(host.route, index, { as: linkSummary })
  if (first.operstate === IF_OPER.UP) return first
  // Listening begins before the second look, so that no change falls between the two.
  using news = openRouteSocket({ netns: host.netns, groups: [RTNLGRP.LINK] })
  const deadline = performance.now() + limitMs
  for (;;) {
    const link = await getLink(host.route, index, { as: linkSummary })
    if (link.operstate === IF_OPER.UP) return link
    const left = Math.ceil(deadline - performance.now())
    if (left <= 0 || !(await news.receive(left, host.signal))) return link
  }
}
