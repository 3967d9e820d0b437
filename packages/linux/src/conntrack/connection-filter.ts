import type { IP } from '@patchbay/address'
import { type ConnectionMessage, type Protocol, protocols } from './attributes.ts'
import {
  type Connection,
  type ConnectionTuple,
  connectionHeader,
  encodeTuple,
  type PartialTuple,
} from './connection.ts'

/** What connections must have; what is left out may be anything. */
export interface ConnectionFilter {
  family?: 4 | 6 | undefined
  protocol?: Protocol | undefined
  /** 0 is that of connections in no other. */
  zone?: number | undefined
  mark?: number | undefined
  originalSource?: IP | undefined
  originalDestination?: IP | undefined
  originalSourcePort?: number | undefined
  originalDestinationPort?: number | undefined
  replySource?: IP | undefined
  replyDestination?: IP | undefined
  replySourcePort?: number | undefined
  replyDestinationPort?: number | undefined
}

/** Whether every connection passes. */
export function isEmptyFilter(filter: ConnectionFilter): boolean {
  return Object.values(filter).every((value) => value === undefined)
}

/** Whether a connection passes. */
export function matchesFilter(connection: Connection, filter: ConnectionFilter): boolean {
  const { family = connection.family, mark = connection.mark ?? 0, zone = connection.zone ?? 0 } = filter
  return (
    family === connection.family &&
    mark === (connection.mark ?? 0) &&
    zone === (connection.zone ?? 0) &&
    matchesTuple(connection.original, originalOf(filter)) &&
    matchesTuple(connection.reply, replyOf(filter))
  )
}

function matchesTuple(tuple: ConnectionTuple, wanted: PartialTuple): boolean {
  const {
    source,
    destination,
    protocol,
    sourcePort = tuple.sourcePort,
    destinationPort = tuple.destinationPort,
  } = wanted
  return (
    (source?.equals(tuple.source) ?? true) &&
    (destination?.equals(tuple.destination) ?? true) &&
    (protocol === undefined || protocolNumber(protocol) === protocolNumber(tuple.protocol)) &&
    sourcePort === tuple.sourcePort &&
    destinationPort === tuple.destinationPort
  )
}

function protocolNumber(protocol: Protocol): number {
  return typeof protocol === 'number' ? protocol : protocols[protocol]
}

function originalOf(filter: ConnectionFilter): PartialTuple {
  return {
    source: filter.originalSource,
    destination: filter.originalDestination,
    protocol: filter.protocol,
    sourcePort: filter.originalSourcePort,
    destinationPort: filter.originalDestinationPort,
  }
}

function replyOf(filter: ConnectionFilter): PartialTuple {
  return {
    source: filter.replySource,
    destination: filter.replyDestination,
    protocol: filter.protocol,
    sourcePort: filter.replySourcePort,
    destinationPort: filter.replyDestinationPort,
  }
}

/** `CTA_FILTER_F_*` of the kernel's `nf_internals.h`, which no header for programs has: bits of `CTA_FILTER_ORIG_FLAGS`. */
const field = { ipSrc: 0x1, ipDst: 0x2, protoNum: 0x8, protoSrcPort: 0x10, protoDstPort: 0x20 } as const

type Message = ConnectionMessage

/**
 * What to ask the kernel, so that it leaves out what it can: by tuples since Linux 5.8, by zone since 6.8. Tuples are
 * compared with connections of one IP version; a filter that contradicts itself asks nothing.
 */
export function filterMessages(filter: ConnectionFilter): Message[] {
  const { mark, zone } = filter
  const tuples = tupleAttributesOf(filter)
  const attributes = { ...tuples, mark, zone: zone === 0 ? undefined : zone }
  const families = tuples.filter ? familiesOf(filter) : [filter.family]
  return families.map((family) => ({ header: connectionHeader(family), attributes }))
}

function tupleAttributesOf(filter: ConnectionFilter): Message['attributes'] {
  const [original, reply] = [originalOf(filter), replyOf(filter)]
  const [origFlags, replyFlags] = [fieldsOf(original), fieldsOf(reply)]
  return {
    tupleOrig: origFlags === 0 ? undefined : encodeTuple(original),
    tupleReply: replyFlags === 0 ? undefined : encodeTuple(reply),
    filter: origFlags + replyFlags === 0 ? undefined : { origFlags, replyFlags },
  }
}

/** Ports mean nothing to the kernel without the protocol. */
function fieldsOf({ source, destination, protocol, sourcePort, destinationPort }: PartialTuple): number {
  const sourceBit = sourcePort === undefined ? 0 : field.protoSrcPort
  const destinationBit = destinationPort === undefined ? 0 : field.protoDstPort
  const protocolBits = protocol === undefined ? 0 : field.protoNum | sourceBit | destinationBit
  return (source ? field.ipSrc : 0) | (destination ? field.ipDst : 0) | protocolBits
}

/** The IP versions of the connections that can pass. */
export function familiesOf(filter: ConnectionFilter): (4 | 6)[] {
  const addresses = [filter.originalSource, filter.originalDestination, filter.replySource, filter.replyDestination]
  const wanted = [filter.family, ...addresses.map((address) => address?.family)]
  return ([4, 6] as const).filter((family) => wanted.every((other) => (other ?? family) === family))
}
