import type { IP } from '@patchbay/address'
import {
  align,
  attr,
  attributes,
  be16,
  binary,
  type Codec,
  DecodeError,
  ip,
  message,
  operation,
  s32,
  struct,
  u8,
  u16,
  u32,
  type Value,
  Writer,
} from '../../netlink/index.ts'
import { familyOf } from '../constants.ts'
import { routeMetrics } from './metrics.ts'

/** `struct rtmsg`, `<linux/rtnetlink.h>`. */
export const rtmsg = struct({
  family: u8,
  dstLen: u8,
  srcLen: u8,
  tos: u8,
  table: u8,
  protocol: u8,
  scope: u8,
  type: u8,
  flags: u32,
})

/** `struct rtvia`, `<linux/rtnetlink.h>`: a gateway of another address family than the route's. */
const via: Codec<IP | undefined> = {
  write(w, value) {
    if (!value) return
    w.u16(familyOf(value.family))
    ip.write(w, value)
  },
  read: (payload) => ip.read(payload.subarray(2)),
}

const nextHopAttributes = attributes('RTA', {
  gateway: attr(5, ip),
  via: attr(18, via),
  flow: attr(11, u32),
  encapType: attr(21, u16),
  encap: attr(22, binary),
})

/** `struct rtnexthop`, `<linux/rtnetlink.h>`, without its length. */
const nextHopHeader = struct({ flags: u8, hops: u8, ifindex: s32 })

/** One of several ways of a route. `hops` is its weight less one. */
export type NextHop = Partial<Value<typeof nextHopHeader>> & Value<typeof nextHopAttributes>

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
export const routeAttributes = attributes('RTA', {
  dst: attr(1, ip),
  src: attr(2, ip),
  iif: attr(3, u32),
  oif: attr(4, u32),
  gateway: attr(5, ip),
  priority: attr(6, u32),
  prefsrc: attr(7, ip),
  metrics: attr(8, routeMetrics),
  multipath: attr(9, nextHops),
  flow: attr(11, u32),
  cacheinfo: attr(12, cacheinfo),
  table: attr(15, u32),
  mark: attr(16, u32),
  via: attr(18, via),
  pref: attr(20, u8),
  encapType: attr(21, u16),
  encap: attr(22, binary),
  expires: attr(23, u32),
  uid: attr(25, u32),
  ttlPropagate: attr(26, u8),
  ipProto: attr(27, u8),
  sport: attr(28, be16),
  dport: attr(29, be16),
  nhId: attr(30, u32),
})

/** Body of `RTM_*ROUTE`. */
export const routeMessage = message(rtmsg, routeAttributes)

/** Operations on routes, `<linux/rtnetlink.h> RTM_*ROUTE`. */
export const routeOperations = {
  add: operation('RTM_NEWROUTE', 24, routeMessage),
  delete: operation('RTM_DELROUTE', 25, routeMessage),
  get: operation('RTM_GETROUTE', 26, routeMessage),
  reply: operation('RTM_NEWROUTE', 24, routeMessage),
} as const
