import { CIDR } from '@patchbay/address'
import { addRoute, deleteRoute, listRoutes, type Route, RT_SCOPE, RT_TABLE, RTPROT } from '@patchbay/linux/route'
import type { OpenNetns } from '../../link/net-context.ts'
import { messageOf } from '../../request/error-message.ts'
import type { UndoStack } from '../../request/undo-stack.ts'
import type { SourceAddress } from './config.ts'

/** `<linux/rtnetlink.h> RTNH_F_ONLINK`: the only flag of a route that is asked for; the others are its state. */
const ONLINK = 4

const linkLocal = CIDR.parse('fe80::/10')
const everything = { 4: CIDR.parse('0.0.0.0/0'), 6: CIDR.parse('::/0') } as const

/**
 * The interface's routes in the main table that belong into tables of its addresses: those of the IP versions that it has addresses
 * of. The route to its link-local network stays: it is needed whatever address is used.
 */
export async function movableRoutes(
  { route }: OpenNetns,
  oif: number,
  sources: readonly SourceAddress[],
): Promise<Route[]> {
  const versions = new Set(sources.map(({ address }) => address.family))
  const routes = await listRoutes(route, { oif })
  return routes
    .filter(({ dst }) => versions.has(dst.family) && !linkLocal.contains(dst.address))
    .map((each) => ({ ...each, flags: (each.flags ?? 0) & ONLINK }))
}

/** The routes that the table of an address gets: those that say nothing of another address or gateway. */
export function routesOf({ address }: SourceAddress, routes: readonly Route[]): Route[] {
  return (
    routes
      .filter(({ dst }) => dst.family === address.family)
      .filter(({ prefsrc, gateway }) => {
        const hints = [prefsrc, gateway].filter((hint) => hint !== undefined)
        return hints.length === 0 || hints.some((hint) => address.contains(hint))
      })
      // A gateway has to be reachable before a route leads to it.
      .sort((a, b) => Number(a.gateway !== undefined) - Number(b.gateway !== undefined))
  )
}

/** Where routes go, and what takes them back. */
export interface Filling {
  readonly table: number
  readonly undo: UndoStack
}

/** Fills a table, and has `undo` take routes back. */
export async function fillTable(
  { route }: OpenNetns,
  routes: readonly Route[],
  { table, undo }: Filling,
): Promise<void> {
  for (const each of routes) {
    const copy = { ...each, table }
    await addRoute(route, copy, 'replace')
    undo.push(`route to ${each.dst} in table ${table}`, () => deleteRoute(route, copy))
  }
}

/**
 * Adds the default route to the table of an address, and the way to its gateway, which the main table no longer has when an ADD
 * before this one has taken it out.
 *
 * @param filling with the routes that have been put there
 * @throws Error `Failed to add default route to 10.1.0.1: ...`
 */
export async function addWayOut(
  container: OpenNetns,
  oif: number,
  source: SourceAddress,
  filling: Filling & { readonly present: readonly Route[] },
): Promise<void> {
  const { address, gateway } = source
  if (gateway === undefined) return
  const network = {
    dst: address.masked(),
    oif,
    prefsrc: address.address,
    scope: RT_SCOPE.LINK,
    protocol: RTPROT.KERNEL,
  }
  const isThere = filling.present.some(({ dst }) => dst.equals(network.dst))
  const isNear = address.contains(gateway) && address.prefixLength < address.address.bits
  try {
    await fillTable(
      container,
      [...(isNear && !isThere ? [network] : []), { dst: everything[address.family], gateway, oif }],
      filling,
    )
  } catch (cause) {
    throw new Error(`Failed to add default route to ${gateway}: ${messageOf(cause)}`, { cause })
  }
}

/** Takes routes out of the main table, and has `undo` put them back. */
export async function emptyMain({ route }: OpenNetns, routes: readonly Route[], undo: UndoStack): Promise<void> {
  // Those that lead over a gateway first: the kernel takes them away with the way to the gateway.
  for (const each of [...routes].sort((a, b) => Number(a.gateway === undefined) - Number(b.gateway === undefined))) {
    await deleteRoute(route, each)
    undo.push(`route to ${each.dst}`, () => addRoute(route, each, 'replace'))
  }
}

/** The main table's route to an address's network that says from which address to send there. */
export function sourceHint({ address }: SourceAddress, oif: number): Route {
  return {
    dst: address.masked(),
    oif,
    prefsrc: address.address,
    scope: RT_SCOPE.LINK,
    protocol: RTPROT.BOOT,
    table: RT_TABLE.MAIN,
  }
}
