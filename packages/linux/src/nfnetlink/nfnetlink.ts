import { NetlinkSocket, type SocketOptions } from '../netlink/index.ts'
import { be16, type Struct, struct, u8 } from '../netlink/raw.ts'

/** `NETLINK_NETFILTER`, `<linux/netlink.h>`. */
export const NETLINK_NETFILTER = 12

/** `<linux/netfilter/nfnetlink.h> NFNL_SUBSYS_*`: the upper byte of a message's type. */
export const NFNL_SUBSYS = { NONE: 0, CTNETLINK: 1, NFTABLES: 10 } as const

/** `<linux/netfilter.h> NFPROTO_*`: what a table or an entry is about. */
export const NFPROTO = { UNSPEC: 0, INET: 1, IPV4: 2, ARP: 3, NETDEV: 5, BRIDGE: 7, IPV6: 10 } as const

/** `struct nfgenmsg`, `<linux/netfilter/nfnetlink.h>`: before the attributes of each message. */
export class NfgenmsgFields {
  /** {@link NFPROTO} */
  readonly family = u8
  readonly version = u8
  /** Of a batch, its subsystem; otherwise 0, or a number that the family gives a meaning to. */
  readonly resId = be16
}

/** A {@link NfgenmsgFields} with its values. */
export interface Nfgenmsg extends Struct<NfgenmsgFields> {}

/** The codec of {@link Nfgenmsg}. */
export const nfgenmsg = struct(new NfgenmsgFields())

/** The type of a message: its subsystem and its number within that. */
export function nfnetlinkType(subsystem: number, message: number): number {
  return (subsystem << 8) | message
}

/**
 * A socket for the packet filter and connection tracking of one namespace.
 *
 * @throws SystemError when the socket cannot be opened in that namespace
 */
export function openNetfilterSocket(options: SocketOptions = {}): NetlinkSocket {
  // Its end waits until nf_tables has freed what anyone in the namespace has deleted: 10 to 20 ms.
  return NetlinkSocket.open(NETLINK_NETFILTER, { ...options, closesSlowly: true })
}
