import { CIDR, parseIP } from '@patchbay/address'
import { isNetlinkError } from '@patchbay/linux/netlink'
import {
  getLink,
  getRoute,
  type LinkSummary,
  linkSummary,
  listRoutes,
  type Route,
  RT_TABLE,
} from '@patchbay/linux/route'
import type { OpenNetns } from '../../link/net-context.ts'

/** Addresses that no real network has a route of its own to (RFC 5737, RFC 3849), so that the default route is theirs. */
const elsewhere = [parseIP('192.0.2.1'), parseIP('2001:db8::1')]

/**
 * The link that the first default route of the main table leaves by.
 *
 * @throws Error `no default route interface found`
 */
export async function defaultRouteLink(host: OpenNetns): Promise<LinkSummary> {
  for (const address of elsewhere) {
    const oif = (await defaultRoute(host, address.family))?.oif
    if (oif !== undefined) return getLink(host.route, oif, { as: linkSummary })
  }
  throw new Error('no default route interface found')
}

/** Asked for as the way to one address, since a host may have a million other routes; listed only if that tells nothing. */
async function defaultRoute(host: OpenNetns, version: 4 | 6): Promise<Route | undefined> {
  const found = await matchingRoute(host, version)
  if (found && found.dst.prefixLength === 0 && found.table === RT_TABLE.MAIN) return found
  const all = CIDR.parse(version === 4 ? '0.0.0.0/0' : '::/0')
  return (await listRoutes(host.route, { family: version })).find((route) => route.dst.equals(all))
}

async function matchingRoute(host: OpenNetns, version: 4 | 6): Promise<Route | undefined> {
  const address = elsewhere.find(({ family }) => family === version)
  try {
    return address && (await getRoute(host.route, address, { matched: true }))
  } catch (error) {
    if (isNetlinkError(error, 'ENETUNREACH', 'EHOSTUNREACH', 'EACCES', 'EINVAL')) return undefined
    throw error
  }
}
