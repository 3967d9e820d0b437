import type { NamespaceHandle, RawMessage } from '../../netlink/index.ts'
import { request } from '../../netlink/raw.ts'
import { type DeletionSteps, restOfWork } from '../../sys/index.ts'
import { AF, RTNLGRP } from '../constants.ts'
import { openRouteSocket } from '../route-socket.ts'
import { ifinfomsg } from './attributes.ts'
import { linkOperations } from './link.ts'
import { linkSummary } from './link-summary.ts'
import { getLink, type LinkName } from './requests.ts'

/**
 * Deletes a link and returns when the kernel announces it gone: its addresses and routes are, it is no port any more
 * and its name is free. That is after half a millisecond; the kernel goes on for 20 to 40 ms, waiting for others to
 * let go of the link, in which nothing can fail. A program that ends meanwhile calls `leaveRestToChildren` first.
 *
 * @throws NetlinkError `ENODEV` when there is none
 */
export async function deleteLinkAnnounced(
  netns: NamespaceHandle | undefined,
  name: LinkName,
  { before, onAsked }: DeletionSteps = {},
): Promise<void> {
  using socket = openRouteSocket({ netns, groups: [RTNLGRP.LINK] })
  const link = await getLink(socket, name, { as: linkSummary })
  const { index } = link
  await before?.(link)
  await socket.requestAnnounced(request(linkOperations.delete, { index }), {
    isAnnounced: (message) => isDeletion(message, index),
    rest: restOfWork(),
    ...(onAsked && { onAsked }),
  })
}

/** A link that leaves its bridge is said to be deleted too, by the bridge. */
function isDeletion(message: RawMessage, index: number): boolean {
  if (message.type !== linkOperations.delete.type) return false
  const link = ifinfomsg.read(message.body.subarray(0, ifinfomsg.size))
  return link.index === index && link.family === AF.UNSPEC
}
