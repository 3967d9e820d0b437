import { attr, binary, list, mac, padding, s32, string, struct, u8, u16, u32 } from '../../netlink/raw.ts'

/** `struct ifinfomsg`, `<linux/rtnetlink.h>`. */
export class Ifinfomsg {
  readonly family = u8
  readonly pad = padding(1)
  /** `<linux/if_arp.h> ARPHRD_*` */
  readonly type = u16
  readonly index = s32
  /** {@link IFF} */
  readonly flags = u32
  /** Which bits of `flags` a request means. */
  readonly change = u32
}

/** The codec of {@link Ifinfomsg}. */
export const ifinfomsg = struct(new Ifinfomsg())

/** `<net/if.h> IFF_*`: bits of `flags` and `change`. */
export const IFF = {
  UP: 0x1,
  BROADCAST: 0x2,
  LOOPBACK: 0x8,
  POINTOPOINT: 0x10,
  RUNNING: 0x40,
  NOARP: 0x80,
  PROMISC: 0x100,
  ALLMULTI: 0x200,
  MULTICAST: 0x1000,
  LOWER_UP: 0x10000,
} as const

/** `<linux/if.h> IF_OPER_*`: values of `operstate`. */
export const IF_OPER = {
  UNKNOWN: 0,
  NOTPRESENT: 1,
  DOWN: 2,
  LOWERLAYERDOWN: 3,
  TESTING: 4,
  DORMANT: 5,
  UP: 6,
} as const

/** `<linux/rtnetlink.h> RTEXT_FILTER_*`: bits of `extMask`. */
export const RTEXT_FILTER = { VF: 1, BRVLAN: 2, BRVLAN_COMPRESSED: 4, SKIP_STATS: 8, MRP: 16, MST: 128 } as const

/** Attributes that links of every kind have, `<linux/if_link.h> IFLA_*`. */
export class CommonLinkAttributes {
  /** Hardware address. */
  readonly address = attr(1, mac)
  readonly broadcast = attr(2, mac)
  /** Name, 1 to 15 bytes. With one `%d` the kernel puts the first free number there. */
  readonly ifname = attr(3, string)
  /** Largest packet that the link takes, in bytes. */
  readonly mtu = attr(4, u32)
  /** Index of the link this one sits on, or of its peer. */
  readonly link = attr(5, s32)
  readonly qdisc = attr(6, string)
  readonly stats = attr(7, binary)
  /** Index of the bridge or other link that this one is a port of; 0 takes it out. */
  readonly master = attr(10, u32)
  /** Length of the transmit queue, in packets. */
  readonly txqlen = attr(13, u32)
  /** {@link IF_OPER} */
  readonly operstate = attr(16, u8)
  readonly linkmode = attr(17, u8)
  /** In a request: process whose network namespace the link is made in or moved to. */
  readonly netNsPid = attr(19, u32)
  /** Description that administrators give it, at most 255 bytes. */
  readonly ifalias = attr(20, string)
  readonly numVf = attr(21, u32)
  readonly stats64 = attr(23, binary)
  /** Number of the group that the link is in; links of a group can be deleted together. */
  readonly group = attr(27, u32)
  /** In a request: descriptor of the network namespace that the link is made in or moved to. */
  readonly netNsFd = attr(28, u32)
  /** In a request: what else to report, bits of {@link RTEXT_FILTER}. */
  readonly extMask = attr(29, u32)
  /** How many ask for promiscuous mode. */
  readonly promiscuity = attr(30, u32)
  readonly numTxQueues = attr(31, u32)
  readonly numRxQueues = attr(32, u32)
  /** 1 while there is a signal. */
  readonly carrier = attr(33, u8)
  readonly carrierChanges = attr(35, u32)
  /** Number that this namespace gives to the one of `link`; -1 when it has given none. */
  readonly linkNetnsid = attr(37, s32)
  readonly protoDown = attr(39, u8)
  readonly gsoMaxSegs = attr(40, u32)
  readonly gsoMaxSize = attr(41, u32)
  readonly event = attr(44, u32)
  readonly newNetnsid = attr(45, s32)
  readonly targetNetnsid = attr(46, s32)
  readonly carrierUpCount = attr(47, u32)
  readonly carrierDownCount = attr(48, u32)
  readonly newIfindex = attr(49, s32)
  readonly minMtu = attr(50, u32)
  readonly maxMtu = attr(51, u32)
  /** Alternative names. */
  readonly propList = attr(52, list(53, string))
  /** In a request: selects the link by an alternative name. */
  readonly altIfname = attr(53, string)
  /** Hardware address that the device was made with. */
  readonly permAddress = attr(54, mac)
  /** Name of the device that the link belongs to: `0000:00:03.0`. */
  readonly parentDevName = attr(56, string)
  readonly parentDevBusName = attr(57, string)
  readonly groMaxSize = attr(58, u32)
  readonly tsoMaxSize = attr(59, u32)
  readonly tsoMaxSegs = attr(60, u32)
  readonly allmulti = attr(61, u32)
}
