import {
  type Attributes,
  attr,
  attributes,
  be16,
  be32,
  be64,
  binary,
  ip,
  type Message,
  type MessageCodec,
  message,
  named,
  operation,
  string,
  struct,
  u8,
  u32,
} from '../netlink/raw.ts'
import { NFNL_SUBSYS, type Nfgenmsg, nfgenmsg, nfnetlinkType } from '../nfnetlink/index.ts'

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
export class TupleAddressesAttributes {
  readonly v4Src = attr(1, ip)
  readonly v4Dst = attr(2, ip)
  readonly v6Src = attr(3, ip)
  readonly v6Dst = attr(4, ip)
}

/** The codec of {@link TupleAddressesAttributes}. */
export const tupleAddresses = attributes('CTA_IP', new TupleAddressesAttributes())

/** Protocol and ports of a tuple, or what ICMP has in their place, `CTA_PROTO_*`. */
export class TupleProtocolAttributes {
  readonly num = attr(1, named(u8, protocols))
  readonly srcPort = attr(2, be16)
  readonly dstPort = attr(3, be16)
  readonly icmpId = attr(4, be16)
  readonly icmpType = attr(5, u8)
  readonly icmpCode = attr(6, u8)
  readonly icmpv6Id = attr(7, be16)
  readonly icmpv6Type = attr(8, u8)
  readonly icmpv6Code = attr(9, u8)
}

/** The codec of {@link TupleProtocolAttributes}. */
export const tupleProtocol = attributes('CTA_PROTO', new TupleProtocolAttributes())

/** One direction of a connection, `CTA_TUPLE_*`. */
export class TupleAttributes {
  readonly ip = attr(1, tupleAddresses)
  readonly proto = attr(2, tupleProtocol)
  /** The zone, when only this direction is in it. */
  readonly zone = attr(3, be16)
}

/** The codec of {@link TupleAttributes}. */
export const tupleAttributes = attributes('CTA_TUPLE', new TupleAttributes())

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

class ProtoinfoTcpAttributes {
  /** {@link TCP_CONNTRACK} */
  readonly state = attr(1, u8)
  readonly wscaleOriginal = attr(2, u8)
  readonly wscaleReply = attr(3, u8)
  readonly flagsOriginal = attr(4, tcpFlags)
  readonly flagsReply = attr(5, tcpFlags)
}

const protoinfoTcp = attributes('CTA_PROTOINFO_TCP', new ProtoinfoTcpAttributes())

class ProtoinfoDccpAttributes {
  readonly state = attr(1, u8)
  readonly role = attr(2, u8)
  readonly handshakeSeq = attr(3, be64)
}

const protoinfoDccp = attributes('CTA_PROTOINFO_DCCP', new ProtoinfoDccpAttributes())

class ProtoinfoSctpAttributes {
  readonly state = attr(1, u8)
  readonly vtagOriginal = attr(2, be32)
  readonly vtagReply = attr(3, be32)
}

const protoinfoSctp = attributes('CTA_PROTOINFO_SCTP', new ProtoinfoSctpAttributes())

class ProtoinfoAttributes {
  readonly tcp = attr(1, protoinfoTcp)
  readonly dccp = attr(2, protoinfoDccp)
  readonly sctp = attr(3, protoinfoSctp)
}

const protoinfo = attributes('CTA_PROTOINFO', new ProtoinfoAttributes())

class CountersAttributes {
  readonly packets = attr(1, be64)
  readonly bytes = attr(2, be64)
}

const counters = attributes('CTA_COUNTERS', new CountersAttributes())

/** Nanoseconds since 1970. */
class TimestampAttributes {
  readonly start = attr(1, be64)
  readonly stop = attr(2, be64)
}

const timestamp = attributes('CTA_TIMESTAMP', new TimestampAttributes())

class HelpAttributes {
  readonly name = attr(1, string)
  readonly info = attr(2, binary)
}

const help = attributes('CTA_HELP', new HelpAttributes())

class SecctxAttributes {
  readonly name = attr(1, string)
}

const secctx = attributes('CTA_SECCTX', new SecctxAttributes())

class SeqadjAttributes {
  readonly correctionPos = attr(1, be32)
  readonly offsetBefore = attr(2, be32)
  readonly offsetAfter = attr(3, be32)
}

const seqadj = attributes('CTA_SEQADJ', new SeqadjAttributes())

class SynproxyAttributes {
  readonly isn = attr(1, be32)
  readonly its = attr(2, be32)
  readonly tsoff = attr(3, be32)
}

const synproxy = attributes('CTA_SYNPROXY', new SynproxyAttributes())

/** Which fields of the tuples a dump compares. */
class FilterAttributes {
  readonly origFlags = attr(1, u32)
  readonly replyFlags = attr(2, u32)
}

const filter = attributes('CTA_FILTER', new FilterAttributes())

/** Attributes of a connection, `<linux/netfilter/nfnetlink_conntrack.h> CTA_*`. */
export class ConnectionAttributes {
  readonly tupleOrig = attr(1, tupleAttributes)
  readonly tupleReply = attr(2, tupleAttributes)
  /** {@link IPS} */
  readonly status = attr(3, be32)
  readonly protoinfo = attr(4, protoinfo)
  readonly help = attr(5, help)
  /** Seconds. */
  readonly timeout = attr(7, be32)
  readonly mark = attr(8, be32)
  readonly countersOrig = attr(9, counters)
  readonly countersReply = attr(10, counters)
  readonly use = attr(11, be32)
  readonly id = attr(12, be32)
  readonly tupleMaster = attr(14, tupleAttributes)
  readonly seqAdjOrig = attr(15, seqadj)
  readonly seqAdjReply = attr(16, seqadj)
  readonly zone = attr(18, be16)
  readonly secctx = attr(19, secctx)
  readonly timestamp = attr(20, timestamp)
  readonly markMask = attr(21, be32)
  readonly labels = attr(22, binary)
  readonly labelsMask = attr(23, binary)
  readonly synproxy = attr(24, synproxy)
  readonly filter = attr(25, filter)
  readonly statusMask = attr(26, be32)
}

/** The codec of {@link ConnectionAttributes}. */
export const connectionAttributes = attributes('CTA', new ConnectionAttributes())

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

/** The values of {@link connectionMessage}. */
export interface ConnectionMessage extends Message<Nfgenmsg, Attributes<ConnectionAttributes>> {}

/** Body of `IPCTNL_MSG_CT_*`. */
export const connectionMessage: MessageCodec<ConnectionMessage> = message(nfgenmsg, connectionAttributes)

/** Counts of a namespace, `<linux/netfilter/nfnetlink_conntrack.h> CTA_STATS_GLOBAL_*`. */
class StatisticsAttributes {
  /** Connections that are tracked now. */
  readonly entries = attr(1, be32)
  /** As many as may be. */
  readonly maxEntries = attr(2, be32)
}

const statistics = attributes('CTA_STATS_GLOBAL', new StatisticsAttributes())

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
