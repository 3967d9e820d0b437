import { type BriefLink, briefLink, getLink, IF_OPER, openRouteSocket, RTNLGRP } from '@patchbay/linux/route'
import type { Host } from '../hosts.ts'

/** How long a port may take to come up once both ends are. */
const LIMIT_MS = 2500

const stateNames = Object.entries(IF_OPER).map(([name, value]): [number, string] => [
  value,
  name.toLowerCase().replace('lowerlayerdown', 'lower-layer-down').replace('notpresent', 'not-present'),
])
const stateName = new Map(stateNames)

/**
 * Waits until a link is operationally up, as the kernel announces it.
 *
 * @returns the link as it is then
 * @throws Error `bridge port in error state: lower-layer-down`
 */
export async function waitUntilUp(host: Host, index: number): Promise<BriefLink> {
  const first = await getLink(host.route, index, { as: briefLink })
  if (first.operstate === IF_OPER.UP) return first
  // Listening begins before the second look, so that no change falls between the two.
  using news = openRouteSocket({ netns: host.netns, groups: [RTNLGRP.LINK] })
  const deadline = performance.now() + LIMIT_MS
  for (;;) {
    const link = await getLink(host.route, index, { as: briefLink })
    if (link.operstate === IF_OPER.UP) return link
    const left = Math.ceil(deadline - performance.now())
    if (left <= 0 || !(await news.receive(left)))
      throw new Error(`bridge port in error state: ${stateName.get(link.operstate ?? 0) ?? link.operstate}`)
  }
}
