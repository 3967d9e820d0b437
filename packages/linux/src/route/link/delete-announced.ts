import type { NetlinkSocket, RawMessage } from '../../netlink/index.ts'
import { request } from '../../netlink/raw.ts'
import { AF } from '../constants.ts'
import { ifinfomsg } from './attributes.ts'
import { linkOperations } from './link.ts'

/** The deletion of a link. Neither promise counts as unhandled when nobody waits for it. */
export interface LinkDeletion {
  /** Settles once the kernel has started, or the deletion has failed: there is time for something else. Never rejects. */
  readonly asked: Promise<void>
  /** Settles when nobody can see the link any more; rejects with a NetlinkError when the kernel refuses. */
  readonly gone: Promise<void>
}

/**
 * Begins to delete a link. It is `gone` when the kernel announces that: its addresses and routes are, it is no port any more
 * and its name is free. That is after half a millisecond; the kernel goes on in the background of the socket for 20 to 40 ms,
 * waiting for others to let go of the link, in which nothing can fail.
 *
 * ```ts
 * using socket = openRouteSocket({ netns, groups: [RTNLGRP.LINK] })
 * await deleteLinkAnnounced(socket, await getLink(socket, 'eth0')).gone
 * ```
 *
 * @param socket opened with the group `RTNLGRP.LINK`; without it the link is `gone` when the kernel has finished
 */
export function deleteLinkAnnounced(socket: NetlinkSocket, { index }: { readonly index: number }): LinkDeletion {
  const deletion = request(linkOperations.delete, { index })
  const { asked, announced } = socket.requestAnnounced(deletion, (message) => isDeletion(message, index))
  return { asked, gone: announced }
}

/** A link that leaves its bridge is said to be deleted too, by the bridge. */
function isDeletion(message: RawMessage, index: number): boolean {
  if (message.type !== linkOperations.delete.type) return false
  const link = ifinfomsg.read(message.body.subarray(0, ifinfomsg.size))
  return link.index === index && link.family === AF.UNSPEC
}
