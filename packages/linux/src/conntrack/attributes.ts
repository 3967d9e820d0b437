import {
  attr,
  attributes,
  be16,
  be32,
  be64,
  binary,
  ip,
  message,
  named,
  operation,
  string,
  struct,
  u8,
  u32,
} from '../netlink/index.ts'
import { NFNL_SUBSYS, nfgenmsg, nfnetlinkType } from '../nfnetlink/index.ts'

/** The transport protocols whose packets are told apart by more than their addresses, and their number in the IP header. */
export const protocols = {
  icmp: 1,
  tcp: 6,
  udp: 17,
  dccp: 33,
  gre: 47,
  icmpv6: 58,
  sctp: 132,
  udplite: 136,
} as const

/** A transport protocol by name or by its number in the IP header. */
export type Protocol = keyof typeof protocols | number

/** Addresses of a tuple, `<linux/netfilter/nfnetlink_conntrack.h> CTA_IP_*`. */
export const tupleAddresses = attributes('CTA_IP', {
  v4Src: attr(1, ip),
  v4Dst: attr(2, ip),
  v6Src: attr(3, ip),
  v6Dst: attr(4, ip),
})

/** Protocol and ports of a tuple, or what ICMP has in their place, `CTA_PROTO_*`. */
export const tupleProtocol = attributes('CTA_PROTO', {
  num: attr(1, named(u8, protocols)),
  srcPort: attr(2, be16),
  dstPort: attr(3, be16),
  icmpId: attr(4, be16),
  icmpType: attr(5, u8),
  icmpCode: attr(6, u8),
  icmpv6Id: attr(7, be16),
  icmpv6Type: attr(8, u8),
  icmpv6Code: attr(9, u8),
})

/** One direction of a connection, `CTA_TUPLE_*`. */
export const tupleAttributes = attributes('CTA_TUPLE', {
  ip: attr(1, tupleAddresses),
  proto: attr(2, tupleProtocol),
  /** The zone, when only this direction is in it. */
  zone: attr(3, be16),
})

/** `<linux/netfilter/nf_conntrack_tcp.h> TCP_CONNTRACK_*`: values of `state`. */
export const TCP_CONNTRACK = {
  NONE: 0,
  SYN_SENT: 1,
  SYN_RECV: 2,
  ESTABLISHED: 3,
  FIN_WAIT: 4,
  CLOSE_WAIT: 5,
  LAST_ACK: 6,
  TIME_WAIT: 7,
  CLOSE: 8,
  SYN_SENT2: 9,
} as const

/** `struct nf_ct_tcp_flags`, `<linux/netfilter/nf_conntrack_tcp.h>`. */
const tcpFlags = struct({ flags: u8, mask: u8 })

const protoinfoTcp = attributes('CTA_PROTOINFO_TCP', {
  /** {@link TCP_CONNTRACK} */
  state: attr(1, u8),
  wscaleOriginal: attr(2, u8),
  wscaleReply: attr(3, u8),
  flagsOriginal: attr(4, tcpFlags),
  flagsReply: attr(5, tcpFlags),
})

const protoinfoDccp = attributes('CTA_PROTOINFO_DCCP', {
  state: attr(1, u8),
  role: attr(2, u8),
  handshakeSeq: attr(3, be64),
})

const protoinfoSctp = attributes('CTA_PROTOINFO_SCTP', {
  state: attr(1, u8),
  vtagOriginal: attr(2, be32),
  vtagReply: attr(3, be32),
})

const protoinfo = attributes('CTA_PROTOINFO', {
  tcp: attr(1, protoinfoTcp),
  dccp: attr(2, protoinfoDccp),
  sctp: attr(3, protoinfoSctp),
})

const counters = attributes('CTA_COUNTERS', { packets: attr(1, be64), bytes: attr(2, be64) })

/** Nanoseconds since 1970. */
const timestamp = attributes('CTA_TIMESTAMP', { start: attr(1, be64), stop: attr(2, be64) })

const help = attributes('CTA_HELP', { name: attr(1, string), info: attr(2, binary) })

const secctx = attributes('CTA_SECCTX', { name: attr(1, string) })

const seqadj = attributes('CTA_SEQADJ', {
  correctionPos: attr(1, be32),
  offsetBefore: attr(2, be32),
  offsetAfter: attr(3, be32),
})

const synproxy = attributes('CTA_SYNPROXY', { isn: attr(1, be32), its: attr(2, be32), tsoff: attr(3, be32) })

/** Which fields of the tuples a dump compares. */
const filter = attributes('CTA_FILTER', { origFlags: attr(1, u32), replyFlags: attr(2, u32) })

/** Attributes of a connection, `<linux/netfilter/nfnetlink_conntrack.h> CTA_*`. */
export const connectionAttributes = attributes('CTA', {
  tupleOrig: attr(1, tupleAttributes),
  tupleReply: attr(2, tupleAttributes),
  /** {@link IPS} */
  status: attr(3, be32),
  protoinfo: attr(4, protoinfo),
  help: attr(5, help),
  /** Seconds. */
  timeout: attr(7, be32),
  mark: attr(8, be32),
  countersOrig: attr(9, counters),
  countersReply: attr(10, counters),
  use: attr(11, be32),
  id: attr(12, be32),
  tupleMaster: attr(14, tupleAttributes),
  seqAdjOrig: attr(15, seqadj),
  seqAdjReply: attr(16, seqadj),
  zone: attr(18, be16),
  secctx: attr(19, secctx),
  timestamp: attr(20, timestamp),
  markMask: attr(21, be32),
  labels: attr(22, binary),
  labelsMask: attr(23, binary),
  synproxy: attr(24, synproxy),
  filter: attr(25, filter),
  statusMask: attr(26, be32),
})

/** `<linux/netfilter/nf_conntrack_common.h> IPS_*`: bits of a connection's status. */
export const IPS = {
  EXPECTED: 0x1,
  SEEN_REPLY: 0x2,
  ASSURED: 0x4,
  CONFIRMED: 0x8,
  SRC_NAT: 0x10,
  DST_NAT: 0x20,
  SEQ_ADJUST: 0x40,
  SRC_NAT_DONE: 0x80,
  DST_NAT_DONE: 0x100,
  DYING: 0x200,
  FIXED_TIMEOUT: 0x400,
  TEMPLATE: 0x800,
  UNTRACKED: 0x1000,
  HELPER: 0x2000,
  OFFLOAD: 0x4000,
  HW_OFFLOAD: 0x8000,
} as const

/** Body of `IPCTNL_MSG_CT_*`. */
export const connectionMessage = message(nfgenmsg, connectionAttributes)

/** Counts of a namespace, `<linux/netfilter/nfnetlink_conntrack.h> CTA_STATS_GLOBAL_*`. */
const statistics = attributes('CTA_STATS_GLOBAL', {
  /** Connections that are tracked now. */
  entries: attr(1, be32),
  /** As many as may be. */
  maxEntries: attr(2, be32),
})

function connectionOperation(name: string, number: number) {
  return operation(name, nfnetlinkType(NFNL_SUBSYS.CTNETLINK, number), connectionMessage)
}

/** Operations on connections, `<linux/netfilter/nfnetlink_conntrack.h> IPCTNL_MSG_CT_*`. */
export const connectionOperations = {
  add: connectionOperation('IPCTNL_MSG_CT_NEW', 0),
  get: connectionOperation('IPCTNL_MSG_CT_GET', 1),
  delete: connectionOperation('IPCTNL_MSG_CT_DELETE', 2),
  reply: connectionOperation('IPCTNL_MSG_CT_NEW', 0),
  statistics: operation(
    'IPCTNL_MSG_CT_GET_STATS',
    nfnetlinkType(NFNL_SUBSYS.CTNETLINK, 5),
    message(nfgenmsg, statistics),
  ),
} as const
