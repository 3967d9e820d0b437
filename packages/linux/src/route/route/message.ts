import type { IP } from '@patchbay/address'
import { DecodeError } from '../../netlink/index.ts'
import {
  type Attributes,
  align,
  attr,
  attributes,
  be16,
  binary,
  type Codec,
  ip,
  type Message,
  type MessageCodec,
  message,
  operation,
  type PartialMessage,
  type Struct,
  s32,
  struct,
  u8,
  u16,
  u32,
  Writer,
} from '../../netlink/raw.ts'
import { AF, familyOf } from '../constants.ts'
import { routeMetrics } from './metrics.ts'

/** `<linux/rtnetlink.h> RT_TABLE_*`: well-known routing tables. */
export const RT_TABLE = { UNSPEC: 0, DEFAULT: 253, MAIN: 254, LOCAL: 255 } as const

/** Where a message has a table's number: in a byte of its header, or in an attribute when it does not fit there. */
export function placeOfTable(table: number): { readonly header: number; readonly attribute: number | undefined } {
  return table > 0xff ? { header: RT_TABLE.UNSPEC, attribute: table } : { header: table, attribute: undefined }
}

/** `struct rtmsg`, `<linux/rtnetlink.h>`. */
export class Rtmsg {
  readonly family = u8
  readonly dstLen = u8
  readonly srcLen = u8
  readonly tos = u8
  /** {@link RT_TABLE}, where the number fits. */
  readonly table = u8
  /** {@link RTPROT} */
  readonly protocol = u8
  /** {@link RT_SCOPE} */
  readonly scope = u8
  /** {@link RTN} */
  readonly type = u8
  /** {@link RTM_F} */
  readonly flags = u32
}

/** The codec of {@link Rtmsg}. */
export const rtmsg = struct(new Rtmsg())

/** `struct rtvia`, `<linux/rtnetlink.h>`: a gateway of another address family than the route's. */
const via: Codec<IP | undefined> = {
  write(w, value) {
    if (!value) return
    w.u16(familyOf(value.family))
    ip.write(w, value)
  },
  read: (payload) => ip.read(payload.subarray(2)),
}

class NextHopAttributes {
  readonly gateway = attr(5, ip)
  readonly via = attr(18, via)
  readonly flow = attr(11, u32)
  readonly encapType = attr(21, u16)
  readonly encap = attr(22, binary)
}

const nextHopAttributes = attributes('RTA', new NextHopAttributes())

/** `struct rtnexthop`, `<linux/rtnetlink.h>`, without its length. */
class Rtnexthop {
  readonly flags = u8
  /** Weight of the way, less one. */
  readonly hops = u8
  readonly ifindex = s32
}

const nextHopHeader = struct(new Rtnexthop())

/** One of several ways of a route. `hops` is its weight less one. */
export interface NextHop extends Partial<Struct<Rtnexthop>>, Attributes<NextHopAttributes> {}

const NEXT_HOP_BYTES = 2 + nextHopHeader.size

const nextHops: Codec<NextHop[]> = {
  write(w, hops) {
    for (const hop of hops) {
      const inner = new Writer(64)
      inner.zeros(2)
      nextHopHeader.write(inner, hop)
      nextHopAttributes.write(inner, hop)
      w.u16(inner.length)
      w.bytes(inner.finish().subarray(2))
      w.pad()
    }
  },
  read(payload) {
    const hops: NextHop[] = []
    for (let offset = 0; payload.length - offset >= NEXT_HOP_BYTES; ) {
      const length = u16.read(payload.subarray(offset, offset + 2))
      if (length < NEXT_HOP_BYTES || offset + length > payload.length)
        throw new DecodeError('', `a next hop of ${length} bytes`)
      const end = offset + length
      const header = nextHopHeader.read(payload.subarray(offset + 2, offset + NEXT_HOP_BYTES))
      hops.push({ ...header, ...nextHopAttributes.read(payload.subarray(offset + NEXT_HOP_BYTES, end)) })
      offset += align(length)
    }
    return hops
  },
}

/** `struct rta_cacheinfo`, `<linux/rtnetlink.h>`. */
const cacheinfo = struct({
  clntref: u32,
  lastuse: u32,
  expires: s32,
  error: u32,
  used: u32,
  id: u32,
  ts: u32,
  tsage: u32,
})

/** Attributes of a route, `<linux/rtnetlink.h> RTA_*`. */
export class RouteAttributes {
  readonly dst = attr(1, ip)
  readonly src = attr(2, ip)
  readonly iif = attr(3, u32)
  readonly oif = attr(4, u32)
  readonly gateway = attr(5, ip)
  readonly priority = attr(6, u32)
  readonly prefsrc = attr(7, ip)
  readonly metrics = attr(8, routeMetrics)
  readonly multipath = attr(9, nextHops)
  readonly flow = attr(11, u32)
  readonly cacheinfo = attr(12, cacheinfo)
  readonly table = attr(15, u32)
  readonly mark = attr(16, u32)
  readonly via = attr(18, via)
  readonly pref = attr(20, u8)
  readonly encapType = attr(21, u16)
  readonly encap = attr(22, binary)
  readonly expires = attr(23, u32)
  readonly uid = attr(25, u32)
  readonly ttlPropagate = attr(26, u8)
  readonly ipProto = attr(27, u8)
  readonly sport = attr(28, be16)
  readonly dport = attr(29, be16)
  readonly nhId = attr(30, u32)
}

/** The codec of {@link RouteAttributes}. */
export const routeAttributes = attributes('RTA', new RouteAttributes())

/** The values of {@link routeMessage}. */
export interface RouteMessage extends Message<Struct<Rtmsg>, Attributes<RouteAttributes>> {}

/** Body of `RTM_*ROUTE`. */
export const routeMessage: MessageCodec<RouteMessage> = message(rtmsg, routeAttributes)

/** `route 10.0.0.0/8 via 10.1.0.1 on link 3`; the table is said where it is not the main one. */
function describeRoute({ header = {}, attributes = {} }: PartialMessage<RouteMessage>): string {
  const { dst = header.family === AF.INET ? '0.0.0.0' : '::', gateway = attributes.via, oif } = attributes
  const { table = header.table ?? RT_TABLE.MAIN } = attributes
  return [
    `route ${dst}/${header.dstLen ?? 0}`,
    ...(gateway ? [`via ${gateway}`] : []),
    ...(oif === undefined ? [] : [`on link ${oif}`]),
    ...(table === RT_TABLE.MAIN ? [] : [`in table ${table}`]),
  ].join(' ')
}

/** Says nothing of lists. */
function describeWay({ attributes: { dst, oif } = {} }: PartialMessage<RouteMessage>): string | undefined {
  return dst && `route to ${dst}${oif === undefined ? '' : ` on link ${oif}`}`
}

/** Operations on routes, `<linux/rtnetlink.h> RTM_*ROUTE`. */
export const routeOperations = {
  add: operation('RTM_NEWROUTE', 24, routeMessage, describeRoute),
  delete: operation('RTM_DELROUTE', 25, routeMessage, describeRoute),
  get: operation('RTM_GETROUTE', 26, routeMessage, describeWay),
  reply: operation('RTM_NEWROUTE', 24, routeMessage),
} as const
