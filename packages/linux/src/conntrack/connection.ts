import type { IP } from '@patchbay/address'
import type { Value } from '../netlink/raw.ts'
import { NFPROTO } from '../nfnetlink/index.ts'
import { type ConnectionMessage, type Protocol, protocols, type tupleAttributes } from './attributes.ts'

/** The packets of one direction of a connection. */
export interface ConnectionTuple {
  source: IP
  destination: IP
  protocol: Protocol
  /** Protocols with ports have both; for GRE they are the call's keys. */
  sourcePort?: number | undefined
  destinationPort?: number | undefined
  /** ICMP and ICMPv6 have this instead of ports. */
  icmp?: { type: number; code: number; id: number } | undefined
  /** The zone, when only this direction is in it. */
  zone?: number | undefined
}

export interface ConnectionCounters {
  packets: bigint
  bytes: bigint
}

/** A tracked connection. */
export interface Connection {
  family: 4 | 6
  /** As the first packet came, before any address translation. */
  original: ConnectionTuple
  /** As packets come back: its destination is where the first one seems to have come from after source NAT. */
  reply: ConnectionTuple
  /** Both directions' zone; 0 when absent. */
  zone?: number | undefined
  /** Default when adding: 0. */
  mark?: number | undefined
  /** {@link IPS} */
  status?: number | undefined
  /** Seconds until the connection is forgotten unless a packet comes. */
  timeout?: number | undefined
  /** {@link TCP_CONNTRACK} */
  tcpState?: number | undefined
  /** Bits of `nf_conntrack_labels`, lowest bit first. */
  labels?: Uint8Array | undefined
  /** Only where `net.netfilter.nf_conntrack_acct` is on. */
  counters?: { original: ConnectionCounters; reply: ConnectionCounters } | undefined
  /** Tells the connection from others, though one between the same ends that takes its place may get the same. */
  id?: number | undefined
}

/** The header of messages about one IP version, or about both. */
export function connectionHeader(family: 4 | 6 | undefined): { family: number; version: number; resId: number } {
  const families = { 4: NFPROTO.IPV4, 6: NFPROTO.IPV6 } as const
  return { family: family === undefined ? NFPROTO.UNSPEC : families[family], version: 0, resId: 0 }
}

/** As much of a tuple as is known. */
export type PartialTuple = { [Key in keyof ConnectionTuple]?: ConnectionTuple[Key] | undefined }

/** A tuple as messages have it. */
export function encodeTuple(tuple: PartialTuple): Value<typeof tupleAttributes> {
  const { source, destination, protocol, sourcePort, destinationPort, icmp, zone } = tuple
  const isIPv6 = (source ?? destination)?.family === 6
  const ip = isIPv6 ? { v6Src: source, v6Dst: destination } : { v4Src: source, v4Dst: destination }
  const proto = { num: protocol, srcPort: sourcePort, dstPort: destinationPort, ...encodeIcmp(protocol, icmp) }
  return { ip: source || destination ? ip : undefined, proto: protocol === undefined ? undefined : proto, zone }
}

function encodeIcmp(protocol: Protocol | undefined, icmp: ConnectionTuple['icmp']) {
  if (!icmp) return {}
  const { type, code, id } = icmp
  return protocol === 'icmpv6' || protocol === protocols.icmpv6
    ? { icmpv6Id: id, icmpv6Type: type, icmpv6Code: code }
    : { icmpId: id, icmpType: type, icmpCode: code }
}

/** `undefined` when it is not whole. */
export function decodeTuple({ ip, proto, zone }: Value<typeof tupleAttributes>): ConnectionTuple | undefined {
  const source = ip?.v4Src ?? ip?.v6Src
  const destination = ip?.v4Dst ?? ip?.v6Dst
  if (!source || !destination || proto?.num === undefined) return undefined
  const tuple: ConnectionTuple = { source, destination, protocol: proto.num }
  if (proto.srcPort !== undefined) tuple.sourcePort = proto.srcPort
  if (proto.dstPort !== undefined) tuple.destinationPort = proto.dstPort
  const type = proto.icmpType ?? proto.icmpv6Type
  const [code = 0, id = 0] = [proto.icmpCode ?? proto.icmpv6Code, proto.icmpId ?? proto.icmpv6Id]
  if (type !== undefined) tuple.icmp = { type, code, id }
  if (zone !== undefined) tuple.zone = zone
  return tuple
}

type Message = ConnectionMessage

/** A connection as messages have it. */
export function encodeConnection(connection: Connection): Message {
  const { family, original, reply, tcpState, zone, mark, status, timeout, labels, counters, id } = connection
  return {
    header: connectionHeader(family),
    attributes: {
      tupleOrig: encodeTuple(original),
      tupleReply: encodeTuple(reply),
      protoinfo: tcpState === undefined ? undefined : { tcp: { state: tcpState } },
      ...{ zone, mark, status, timeout, labels, id },
      countersOrig: counters?.original,
      countersReply: counters?.reply,
    },
  }
}

/** `undefined` when the message does not say of both directions what they are. */
export function decodeConnection({ header, attributes: all }: Message): Connection | undefined {
  const original = all.tupleOrig && decodeTuple(all.tupleOrig)
  const reply = all.tupleReply && decodeTuple(all.tupleReply)
  if (!original || !reply) return undefined
  const { zone, mark, status, timeout, labels, id } = all
  const counters = decodeCounters(all)
  const tcpState = all.protoinfo?.tcp?.state
  const optional = { zone, mark, status, timeout, tcpState, labels, counters, id }
  const known = Object.entries(optional).filter(([, value]) => value !== undefined)
  return { family: header.family === NFPROTO.IPV6 ? 6 : 4, original, reply, ...Object.fromEntries(known) }
}

function decodeCounters({ countersOrig, countersReply }: Message['attributes']): Connection['counters'] {
  if (!countersOrig || !countersReply) return undefined
  const read = ({ packets = 0n, bytes = 0n }: typeof countersOrig): ConnectionCounters => ({ packets, bytes })
  return { original: read(countersOrig), reply: read(countersReply) }
}
