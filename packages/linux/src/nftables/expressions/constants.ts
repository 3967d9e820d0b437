/** Bases of a payload, `<linux/netfilter/nf_tables.h> NFT_PAYLOAD_*`. */
export const NFT_PAYLOAD = { LL_HEADER: 0, NETWORK_HEADER: 1, TRANSPORT_HEADER: 2, INNER_HEADER: 3 } as const

/** `<linux/netfilter/nf_tables.h> NFT_PAYLOAD_CSUM_*` */
export const NFT_PAYLOAD_CSUM = { NONE: 0, INET: 1, SCTP: 2 } as const

/** What is known of a packet beside its bytes, `<linux/netfilter/nf_tables.h> NFT_META_*`. */
export const NFT_META = {
  LEN: 0,
  PROTOCOL: 1,
  PRIORITY: 2,
  MARK: 3,
  IIF: 4,
  OIF: 5,
  IIFNAME: 6,
  OIFNAME: 7,
  IIFTYPE: 8,
  OIFTYPE: 9,
  SKUID: 10,
  SKGID: 11,
  NFTRACE: 12,
  RTCLASSID: 13,
  SECMARK: 14,
  NFPROTO: 15,
  L4PROTO: 16,
  BRI_IIFNAME: 17,
  BRI_OIFNAME: 18,
  PKTTYPE: 19,
  CPU: 20,
  IIFGROUP: 21,
  OIFGROUP: 22,
  CGROUP: 23,
  PRANDOM: 24,
  SECPATH: 25,
  IIFKIND: 26,
  OIFKIND: 27,
  BRI_IIFPVID: 28,
  BRI_IIFVPROTO: 29,
  TIME_NS: 30,
  TIME_DAY: 31,
  TIME_HOUR: 32,
  SDIF: 33,
  SDIFNAME: 34,
} as const

/** What connection tracking knows of a packet, `<linux/netfilter/nf_tables.h> NFT_CT_*`. */
export const NFT_CT = {
  STATE: 0,
  DIRECTION: 1,
  STATUS: 2,
  MARK: 3,
  SECMARK: 4,
  EXPIRATION: 5,
  HELPER: 6,
  L3PROTOCOL: 7,
  SRC: 8,
  DST: 9,
  PROTOCOL: 10,
  PROTO_SRC: 11,
  PROTO_DST: 12,
  LABELS: 13,
  PKTS: 14,
  BYTES: 15,
  AVGPKT: 16,
  ZONE: 17,
  EVENTMASK: 18,
  SRC_IP: 19,
  DST_IP: 20,
  SRC_IP6: 21,
  DST_IP6: 22,
  ID: 23,
} as const

/** `<linux/netfilter/nf_tables.h> NFT_RT_*` */
export const NFT_RT = { CLASSID: 0, NEXTHOP4: 1, NEXTHOP6: 2, TCPMSS: 3, XFRM: 4 } as const

/** `<linux/netfilter/nf_tables.h> NFT_CMP_*` */
export const NFT_CMP = { EQ: 0, NEQ: 1, LT: 2, LTE: 3, GT: 4, GTE: 5 } as const

/** `<linux/netfilter/nf_tables.h> NFT_RANGE_*` */
export const NFT_RANGE = { EQ: 0, NEQ: 1 } as const

/** `<linux/netfilter/nf_tables.h> NFT_BITWISE_*` */
export const NFT_BITWISE = { MASK_XOR: 0, LSHIFT: 1, RSHIFT: 2 } as const

/** `<linux/netfilter/nf_tables.h> NFT_BYTEORDER_*` */
export const NFT_BYTEORDER = { NTOH: 0, HTON: 1 } as const

/** `<linux/netfilter/nf_tables.h> NFT_DYNSET_OP_*` */
export const NFT_DYNSET_OP = { ADD: 0, UPDATE: 1, DELETE: 2 } as const

/** `<linux/netfilter/nf_tables.h> NFT_EXTHDR_OP_*` */
export const NFT_EXTHDR_OP = { IPV6: 0, TCPOPT: 1, IPV4: 2, SCTP: 3, DCCP: 4 } as const

/** What a route lookup is asked for, `<linux/netfilter/nf_tables.h> NFT_FIB_RESULT_*`. */
export const NFT_FIB_RESULT = { UNSPEC: 0, OIF: 1, OIFNAME: 2, ADDRTYPE: 3 } as const

/** What a route lookup goes by, `<linux/netfilter/nf_tables.h> NFTA_FIB_F_*`. */
export const NFTA_FIB_F = { SADDR: 1, DADDR: 2, MARK: 4, IIF: 8, OIF: 16, PRESENT: 32 } as const

/** `<linux/netfilter/nf_tables.h> NFT_NAT_*` */
export const NFT_NAT = { SNAT: 0, DNAT: 1 } as const

/** `<linux/netfilter/nf_nat.h> NF_NAT_RANGE_*` */
export const NF_NAT_RANGE = {
  MAP_IPS: 1,
  PROTO_SPECIFIED: 2,
  PROTO_RANDOM: 4,
  PERSISTENT: 8,
  PROTO_RANDOM_FULLY: 16,
  PROTO_OFFSET: 32,
  NETMAP: 64,
} as const

/** `<linux/netfilter/nf_tables.h> NFT_REJECT_*` */
export const NFT_REJECT = { ICMP_UNREACH: 0, TCP_RST: 1, ICMPX_UNREACH: 2 } as const

/** `<linux/netfilter/nf_tables.h> NFT_REJECT_ICMPX_*` */
export const NFT_REJECT_ICMPX = { NO_ROUTE: 0, PORT_UNREACH: 1, HOST_UNREACH: 2, ADMIN_PROHIBITED: 3 } as const

/** `<linux/netfilter/nf_tables.h> NFT_LIMIT_*` */
export const NFT_LIMIT = { PKTS: 0, PKT_BYTES: 1 } as const

/** `<linux/netfilter/nf_tables.h> NFT_LOGLEVEL_*` */
export const NFT_LOGLEVEL = {
  EMERG: 0,
  ALERT: 1,
  CRIT: 2,
  ERR: 3,
  WARNING: 4,
  NOTICE: 5,
  INFO: 6,
  DEBUG: 7,
  AUDIT: 8,
} as const

/** `<linux/netfilter/nf_tables.h> NFT_HASH_*` */
export const NFT_HASH = { JENKINS: 0, SYM: 1 } as const

/** `<linux/netfilter/nf_tables.h> NFT_NG_*` */
export const NFT_NG = { INCREMENTAL: 0, RANDOM: 1 } as const

/** `<linux/netfilter/nf_tables.h> NFT_OBJECT_*` */
export const NFT_OBJECT = {
  COUNTER: 1,
  QUOTA: 2,
  CT_HELPER: 3,
  LIMIT: 4,
  CONNLIMIT: 5,
  TUNNEL: 6,
  CT_TIMEOUT: 7,
  SECMARK: 8,
  CT_EXPECT: 9,
  SYNPROXY: 10,
} as const
