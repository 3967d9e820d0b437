import type { CIDR, IP } from '@patchbay/address'
import { parsePrevResult, type Request } from '@patchbay/cni/plugin'
import type { Interface, IPConfig, Result, Route } from '@patchbay/cni/types'
import {
  findLink,
  IFA_F,
  IFF,
  type Route as KernelRoute,
  type Link,
  listAddresses,
  listRoutes,
  RT_TABLE,
  RTN,
} from '@patchbay/linux/route'
import { checkError, remedies } from '../request/check-error.ts'
import { isOnTheLink } from './configure-interface.ts'
import type { OpenNetns } from './net-context.ts'

/**
 * The result of the ADD that a CHECK is about.
 *
 * @throws Error `Required prevResult missing`, after the plugin's name when `plugin` gives one
 */
export function requirePrevResult(request: Request, plugin?: string): Result {
  const result = parsePrevResult(request.config)
  if (!result) throw new Error(`${plugin === undefined ? '' : `${plugin}: `}Required prevResult missing`)
  return result
}

/**
 * The container's interface as the result lists it.
 *
 * @throws Error when there is none of that name, or it is in another namespace than the request's
 */
export function containerInterface(request: Request, result: Result): Interface {
  const found = (result.interfaces ?? []).find(({ name, sandbox }) => name === request.ifName && sandbox)
  if (found?.sandbox === request.netns) return found
  throw new Error(`Sandbox in prevResult ${found?.sandbox ?? ''} doesn't match configured netns: ${request.netns}`)
}

/**
 * The link that the result lists, compared with what it is now.
 *
 * @throws Error naming what differs
 */
export async function checkLink(host: OpenNetns, expected: Interface, kind: string): Promise<Link> {
  const link = await findLink(host.route, expected.name)
  if (!link) throw checkError(`Cannot find container link ${expected.name}`)
  const found = link.linkinfo?.link?.kind
  if (found !== kind) throw checkError(`Interface ${expected.name} is of kind ${found ?? 'none'} instead of ${kind}`)
  checkMac(link, expected)
  return link
}

/** Checks a hardware address that the result lists. */
export function checkMac({ address }: Pick<Link, 'address'>, { name, mac }: Interface): void {
  const found = String(address ?? '')
  if (mac !== undefined && mac.toLowerCase() !== found)
    throw checkError(`Interface ${name} Mac ${found} doesn't match expected Mac ${mac}`)
}

/** Checks that a link is set up. */
export function checkUp({ flags, ifname }: Pick<Link, 'flags' | 'ifname'>): void {
  if (!(flags & IFF.UP)) throw checkError(`Cannot use interface "${ifname}": it is down`)
}

/**
 * Checks that every address of the result is on the link, and that there is a route to its network.
 *
 * @param networkRoutes the routes that ADD has made in place of the kernel's
 */
export async function checkAddresses(
  container: OpenNetns,
  link: Link,
  { ips, networkRoutes }: { ips: readonly IPConfig[]; networkRoutes?: readonly KernelRoute[] },
): Promise<void> {
  const name = link.ifname ?? ''
  const present = await listAddresses(container.route, { index: link.index })
  // Of all tables: source-based routing moves them out of the main one.
  const routes = await listRoutes(container.route, { table: RT_TABLE.UNSPEC, oif: link.index })
  for (const { address, gateway } of ips) {
    const own = present.find((each) => each.address.equals(address))
    if (!own) throw checkError(`Failed to match addr ${address} on interface ${name}`)
    if (((own.flags ?? 0) & IFA_F.DADFAILED) !== 0)
      throw checkError(`link ${name} has address ${address.address} in DADFAILED state`)
    const expected = networkRoutes ?? (hasOwnRoute(address) ? [{ dst: address.masked() }] : [])
    const missing = expected.find((route) => !routes.some((each) => isSame(route, each)))
    if (missing) throw missingRoute(missing, { gateway, name })
  }
}

function missingRoute(
  { dst, gateway: via }: KernelRoute,
  { gateway, name }: { gateway: IP | undefined; name: string },
): Error {
  const route = via ? `${dst} via ${via}` : String(dst)
  if (!gateway) return checkError(`Failed to find a route to ${route} for interface ${name}`)
  const detail = `Cannot find route "${route}" of interface "${name}": it is not there`
  return checkError(`Failed to find Gateway ${gateway} for interface ${name}`, `${detail}; ${remedies.again}`)
}

function isSame(expected: KernelRoute, { dst, gateway, type }: KernelRoute): boolean {
  const isVia = expected.gateway ? gateway?.equals(expected.gateway) : gateway === undefined
  return type === RTN.UNICAST && dst.equals(expected.dst) && isVia === true
}

/** Whether there is a route to the network of an address: to an IPv4 address alone the kernel makes none. */
function hasOwnRoute({ family, prefixLength }: CIDR): boolean {
  return family === 6 || prefixLength < 32
}

/**
 * Checks that every route of the result is in its table, or leaves by the link in another one: source-based routing moves those of
 * the main table. Of a default route only the destination counts: others may have replaced it on purpose.
 */
export async function checkRoutes(container: OpenNetns, link: Link, expected: readonly Route[]): Promise<void> {
  const all = expected.length === 0 ? [] : await listRoutes(container.route, { table: RT_TABLE.UNSPEC })
  for (const route of expected) {
    const wanted = route.table || RT_TABLE.MAIN
    const isThere = all.some(
      (each) =>
        isSameRoute(route, each) &&
        (each.table === wanted || (wanted === RT_TABLE.MAIN && isMoved(route, each, link.index))),
    )
    if (!isThere) throw checkError(`Expected Route ${describe(route)} not found in routing table`)
  }
}

/** A default route by another gateway is not the one that has been moved. */
function isMoved({ gw }: Route, { oif, gateway }: KernelRoute, index: number): boolean {
  return oif === index && (gw === undefined || isOnTheLink(gw) || gateway?.equals(gw) === true)
}

function isSameRoute(expected: Route, present: KernelRoute): boolean {
  if (present.type !== RTN.UNICAST || !present.dst.equals(expected.dst.masked())) return false
  if (expected.dst.prefixLength === 0 || !expected.gw) return true
  if (isOnTheLink(expected.gw)) return present.gateway === undefined
  return present.gateway?.equals(expected.gw) ?? false
}

function describe({ dst, gw, mtu, advmss, priority, table, scope }: Route): string {
  return (
    `{Dst:{IP:${dst.address} Mask:${maskOf(dst)}} GW:${gw ?? '<nil>'} MTU:${mtu ?? 0} AdvMSS:${advmss ?? 0} ` +
    `Priority:${priority ?? 0} Table:${table ?? '<nil>'} Scope:${scope ?? '<nil>'}}`
  )
}

function maskOf(cidr: CIDR): string {
  const ones = (1n << BigInt(cidr.prefixLength)) - 1n
  const bits = cidr.address.bits
  return (ones << BigInt(bits - cidr.prefixLength)).toString(16).padStart(bits / 4, '0')
}
