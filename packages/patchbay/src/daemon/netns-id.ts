import type { NetlinkSocket } from '@patchbay/linux/netlink'
import {
  attr,
  attributes,
  flatMessage,
  operation,
  padding,
  request,
  s32,
  struct,
  u8,
  u32,
} from '@patchbay/linux/netlink/raw'

/** Body of `RTM_*NSID`: `struct rtgenmsg`, and `<linux/net_namespace.h> NETNSA_*`. */
const netnsMessage = flatMessage(
  struct({ family: u8, padding: padding(3) }),
  attributes('NETNSA', { nsid: attr(1, s32), fd: attr(3, u32) }),
)

/** `<linux/rtnetlink.h> RTM_*NSID` */
const netnsOperations = {
  get: operation('RTM_GETNSID', 90, netnsMessage),
  reply: operation('RTM_NEWNSID', 88, netnsMessage),
} as const

/**
 * The number by which the namespace of `socket` knows another one, as `linkNetnsid` of its links gives it; -1 when it has
 * none for it.
 */
export async function netnsIdOf(socket: NetlinkSocket, other: { readonly fd: number }): Promise<number> {
  const { nsid = -1 } = await socket.get(request(netnsOperations.get, { fd: other.fd }), netnsOperations.reply)
  return nsid
}
