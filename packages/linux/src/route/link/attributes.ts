import { attr, binary, list, mac, padding, s32, string, struct, u8, u16, u32 } from '../../netlink/index.ts'

/** `struct ifinfomsg`, `<linux/rtnetlink.h>`. */
export const ifinfomsg = struct({ family: u8, pad: padding(1), type: u16, index: s32, flags: u32, change: u32 })

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
export const commonAttributes = {
  address: attr(1, mac),
  broadcast: attr(2, mac),
  ifname: attr(3, string),
  mtu: attr(4, u32),
  /** Index of the link this one sits on, or of its peer. */
  link: attr(5, s32),
  qdisc: attr(6, string),
  stats: attr(7, binary),
  /** Index of the bridge or other link that this one is a port of; 0 takes it out. */
  master: attr(10, u32),
  txqlen: attr(13, u32),
  operstate: attr(16, u8),
  linkmode: attr(17, u8),
  netNsPid: attr(19, u32),
  ifalias: attr(20, string),
  numVf: attr(21, u32),
  stats64: attr(23, binary),
  group: attr(27, u32),
  netNsFd: attr(28, u32),
  extMask: attr(29, u32),
  promiscuity: attr(30, u32),
  numTxQueues: attr(31, u32),
  numRxQueues: attr(32, u32),
  carrier: attr(33, u8),
  carrierChanges: attr(35, u32),
  /** Number that this namespace gives to the one of `link`; -1 when it has given none. */
  linkNetnsid: attr(37, s32),
  protoDown: attr(39, u8),
  gsoMaxSegs: attr(40, u32),
  gsoMaxSize: attr(41, u32),
  event: attr(44, u32),
  newNetnsid: attr(45, s32),
  targetNetnsid: attr(46, s32),
  carrierUpCount: attr(47, u32),
  carrierDownCount: attr(48, u32),
  newIfindex: attr(49, s32),
  minMtu: attr(50, u32),
  maxMtu: attr(51, u32),
  propList: attr(52, list(53, string)),
  altIfname: attr(53, string),
  permAddress: attr(54, mac),
  parentDevName: attr(56, string),
  parentDevBusName: attr(57, string),
  groMaxSize: attr(58, u32),
  tsoMaxSize: attr(59, u32),
  tsoMaxSegs: attr(60, u32),
  allmulti: attr(61, u32),
} as const
