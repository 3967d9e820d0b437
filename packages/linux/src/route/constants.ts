/** `NETLINK_ROUTE`, `<linux/netlink.h>`. */
export const NETLINK_ROUTE = 0

/** Address families, `<sys/socket.h> AF_*`. */
export const AF = { UNSPEC: 0, INET: 2, BRIDGE: 7, INET6: 10 } as const

/** Multicast groups of NETLINK_ROUTE, `<linux/rtnetlink.h> RTNLGRP_*`. */
export const RTNLGRP = {
  LINK: 1,
  NEIGH: 3,
  TC: 4,
  IPV4_IFADDR: 5,
  IPV4_ROUTE: 7,
  IPV4_RULE: 8,
  IPV6_IFADDR: 9,
  IPV6_ROUTE: 11,
  IPV6_RULE: 19,
  NSID: 28,
} as const

/** The kernel's number of an address family; of none, that of all. */
export function familyOf(family: 4 | 6 | undefined): number {
  if (family === undefined) return AF.UNSPEC
  return family === 4 ? AF.INET : AF.INET6
}

/** Says what a list of one link's objects is about, nothing of a list of all. */
export function describeList(objects: string, index: number | undefined): string | undefined {
  return index ? `${objects} of link ${index}` : undefined
}
