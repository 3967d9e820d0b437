import type { CIDR, IP } from '@patchbay/address'
import { DecodeError, isNetlinkError, type NetlinkRequest, type NetlinkSocket, NLM_F } from '../../netlink/index.ts'
import { request } from '../../netlink/raw.ts'
import { blockOf } from '../block.ts'
import { familyOf } from '../constants.ts'
import { type NextHop, placeOfTable, type RouteMessage, RT_TABLE, routeOperations } from './message.ts'
import type { RouteMetrics } from './metrics.ts'

/** `<linux/rtnetlink.h> RT_SCOPE_*`: how far a destination is. */
export const RT_SCOPE = { UNIVERSE: 0, SITE: 200, LINK: 253, HOST: 254, NOWHERE: 255 } as const

/** `<linux/rtnetlink.h> RTPROT_*`: who made a route. */
export const RTPROT = { UNSPEC: 0, REDIRECT: 1, KERNEL: 2, BOOT: 3, STATIC: 4, RA: 9, DHCP: 16 } as const

/** `<linux/rtnetlink.h> RTN_*`: what a route does. */
export const RTN = {
  UNSPEC: 0,
  UNICAST: 1,
  LOCAL: 2,
  BROADCAST: 3,
  ANYCAST: 4,
  MULTICAST: 5,
  BLACKHOLE: 6,
  UNREACHABLE: 7,
  PROHIBIT: 8,
  THROW: 9,
} as const

/** `<linux/rtnetlink.h> RTM_F_*`: bits of `flags` that a request may carry. */
const RTM_F = { CLONED: 0x200, LOOKUP_TABLE: 0x1000, FIB_MATCH: 0x2000 } as const

/** A route. */
export interface Route {
  /** `0.0.0.0/0` or `::/0` is the default route. */
  dst: CIDR
  /** Routes only what comes from there (IPv6). */
  src?: CIDR | undefined
  gateway?: IP | undefined
  /** Gateway of the other address family: `via inet6 fe80::1`. */
  via?: IP | undefined
  /** Index of the link it leaves by. */
  oif?: number | undefined
  /** Source address for what the host itself sends. */
  prefsrc?: IP | undefined
  /** Metric: the lower wins. */
  priority?: number | undefined
  /** Default {@link RT_TABLE}.MAIN. */
  table?: number | undefined
  /** Default {@link RTPROT}.BOOT. */
  protocol?: number | undefined
  /** Default {@link RT_SCOPE}.UNIVERSE. */
  scope?: number | undefined
  /** Default {@link RTN}.UNICAST. */
  type?: number | undefined
  /** `RTNH_F_*`; 4 is onlink. */
  flags?: number | undefined
  tos?: number | undefined
  metrics?: RouteMetrics | undefined
  multipath?: NextHop[] | undefined
}

/** What {@link Route} says, as a message. */
function encodeRoute(route: Route): RouteMessage {
  const { dst, src, gateway, via, oif, prefsrc, priority, metrics, multipath } = route
  const table = placeOfTable(route.table ?? RT_TABLE.MAIN)
  return {
    header: {
      family: familyOf(dst.family),
      dstLen: dst.prefixLength,
      srcLen: src?.prefixLength ?? 0,
      tos: route.tos ?? 0,
      table: table.header,
      protocol: route.protocol ?? RTPROT.BOOT,
      scope: route.scope ?? RT_SCOPE.UNIVERSE,
      type: route.type ?? RTN.UNICAST,
      flags: route.flags ?? 0,
    },
    attributes: {
      dst: dst.prefixLength > 0 ? dst.network : undefined,
      src: src?.network,
      table: table.attribute,
      gateway,
      via,
      oif,
      prefsrc,
      priority,
      metrics,
      multipath,
    },
  }
}

/**
 * The route that a message of the kernel describes; `undefined` for one that is not IPv4 or IPv6, or whose destination
 * is a block of IPv4-mapped addresses.
 */
export function decodeRoute({ header, attributes: all }: RouteMessage): Route | undefined {
  // Multicast and label routes come in the same messages under other families, and are not listed.
  const dst = blockOf(header.family, all.dst, header.dstLen)
  if (!dst) return undefined
  const route: Route = {
    dst,
    table: all.table ?? header.table,
    protocol: header.protocol,
    scope: header.scope,
    type: header.type,
    flags: header.flags,
  }
  if (header.tos !== 0) route.tos = header.tos
  const src = header.srcLen > 0 ? blockOf(header.family, all.src, header.srcLen) : undefined
  if (src) route.src = src
  for (const key of ['gateway', 'via', 'prefsrc'] as const) {
    const value = all[key]
    if (value) route[key] = value
  }
  for (const key of ['oif', 'priority'] as const) {
    const value = all[key]
    if (value !== undefined) route[key] = value
  }
  if (all.metrics) route.metrics = all.metrics
  if (all.multipath) route.multipath = all.multipath
  return route
}

/** What to do when there is a route to the same destination already. */
export type RouteConflict = 'fail' | 'replace' | 'append'

const conflictFlags = {
  fail: NLM_F.CREATE | NLM_F.EXCL,
  replace: NLM_F.CREATE | NLM_F.REPLACE,
  append: NLM_F.CREATE | NLM_F.APPEND,
} as const

/** The request of {@link addRoute}, for sending several in one go. */
export function addRouteRequest(route: Route, conflict: RouteConflict = 'fail'): NetlinkRequest {
  return request(routeOperations.add, encodeRoute(route), conflictFlags[conflict])
}

/**
 * Adds a route. `append` allows several with one destination, but no two that are the same.
 *
 * @throws NetlinkError `EEXIST` when a route that conflicts with it is there; `ENETUNREACH` when no link leads to the gateway
 */
export async function addRoute(socket: NetlinkSocket, route: Route, conflict: RouteConflict = 'fail'): Promise<void> {
  await socket.request(addRouteRequest(route, conflict))
}

/** The request of {@link deleteRoute}, for sending several in one go. */
export function deleteRouteRequest(route: Route): NetlinkRequest {
  const encoded = encodeRoute({ ...route, protocol: route.protocol ?? RTPROT.UNSPEC, type: route.type ?? RTN.UNSPEC })
  return request(routeOperations.delete, {
    ...encoded,
    header: { ...encoded.header, scope: route.scope ?? RT_SCOPE.NOWHERE },
  })
}

/**
 * Deletes the first route that agrees in all that is given.
 *
 * @throws NetlinkError `ESRCH` when no route is like this one
 */
export async function deleteRoute(socket: NetlinkSocket, route: Route): Promise<void> {
  await socket.request(deleteRouteRequest(route))
}

/** Which routes to list. */
export interface RouteFilter {
  /** IPv4 or IPv6; both by default. */
  family?: 4 | 6 | undefined
  /** Default {@link RT_TABLE}.MAIN; 0 is all tables. */
  table?: number | undefined
  /** Index of the link they leave by. */
  oif?: number | undefined
  /** `RTPROT`: who made them. */
  protocol?: number | undefined
}

/** The routes of a table, as a routing table lists them: no cached ones. A table that nobody made is empty. */
export async function listRoutes(socket: NetlinkSocket, filter: RouteFilter = {}): Promise<Route[]> {
  const table = filter.table ?? RT_TABLE.MAIN
  const { protocol = RTPROT.UNSPEC } = filter
  const place = placeOfTable(table)
  const header = { ...emptyHeader(familyOf(filter.family)), table: place.header, protocol }
  const attributes = { table: place.attribute, oif: filter.oif }
  const messages = await listMessages(socket, request(routeOperations.get, { header, attributes }))
  return messages
    .filter((message) => !(message.header.flags & RTM_F.CLONED))
    .map(decodeRoute)
    .filter((route) => route !== undefined)
    .filter((route) => (table === RT_TABLE.UNSPEC || route.table === table) && matchesLink(route, filter.oif))
    .filter((route) => protocol === RTPROT.UNSPEC || route.protocol === protocol)
}

/** The kernel makes a table with its first route, the main one of a new namespace too, and knows of none before. */
async function listMessages(socket: NetlinkSocket, wanted: NetlinkRequest): Promise<RouteMessage[]> {
  try {
    return await socket.list(wanted, routeOperations.reply)
  } catch (error) {
    if (isNetlinkError(error, 'ENOENT')) return []
    throw error
  }
}

function matchesLink(route: Route, oif: number | undefined): boolean {
  return oif === undefined || route.oif === oif || (route.multipath?.some((hop) => hop.ifindex === oif) ?? false)
}

/**
 * The way a packet to `destination` would take; with `matched`, the route of the table that says so.
 *
 * @throws NetlinkError `ENETUNREACH` when no route leads there
 */
export async function getRoute(
  socket: NetlinkSocket,
  destination: IP,
  options: { oif?: number | undefined; matched?: boolean | undefined } = {},
): Promise<Route> {
  // Without the second flag the kernel says that any IPv4 route is of the main table.
  const flags = options.matched ? RTM_F.FIB_MATCH | RTM_F.LOOKUP_TABLE : 0
  const header = { ...emptyHeader(familyOf(destination.family)), dstLen: destination.bits, flags }
  const attributes = { dst: destination, oif: options.oif }
  const route = decodeRoute(
    await socket.get(request(routeOperations.get, { header, attributes }), routeOperations.reply),
  )
  if (!route) throw new DecodeError('RTA.dst', 'not a destination')
  return route
}

function emptyHeader(family: number): RouteMessage['header'] {
  return { family, dstLen: 0, srcLen: 0, tos: 0, table: 0, protocol: 0, scope: 0, type: 0, flags: 0 }
}
