import type { CIDR } from '@patchbay/address'
import { parsePrevResult, type Request } from '@patchbay/cni/plugin'
import type { Interface, IPConfig, Result, Route } from '@patchbay/cni/types'
import { findLink, IFA_F, type Route as KernelRoute, type Link, listAddresses, listRoutes } from '@patchbay/linux/route'
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
  if (!link) throw new Error(`Cannot find container link ${expected.name}`)
  const found = link.linkinfo?.link?.kind
  if (found !== kind) throw new Error(`Interface ${expected.name} is of kind ${found ?? 'none'} instead of ${kind}`)
  const mac = String(link.address ?? '')
  if (expected.mac !== undefined && expected.mac.toLowerCase() !== mac)
    throw new Error(`Interface ${expected.name} Mac ${mac} doesn't match expected Mac ${expected.mac}`)
  return link
}

/** Checks that every address of the result is on the link, and that there is a route to its network. */
export async function checkAddresses(container: OpenNetns, link: Link, ips: readonly IPConfig[]): Promise<void> {
  const name = link.ifname ?? ''
  const present = await listAddresses(container.route, { index: link.index })
  const routes = await listRoutes(container.route)
  for (const { address, gateway } of ips) {
    const own = present.find((each) => each.address.equals(address))
    if (!own) throw new Error(`Failed to match addr ${address} on interface ${name}`)
    if (((own.flags ?? 0) & IFA_F.DADFAILED) !== 0)
      throw new Error(`link ${name} has address ${address.address} in DADFAILED state`)
    if (hasOwnRoute(address) && !routes.some((route) => route.dst.equals(address.masked())))
      throw new Error(
        gateway === undefined
          ? `Failed to find a route to ${address.masked()} for interface ${name}`
          : `Failed to find Gateway ${gateway} for interface ${name}`,
      )
  }
}

/** Whether there is a route to the network of an address: to an IPv4 address alone the kernel makes none. */
function hasOwnRoute({ family, prefixLength }: CIDR): boolean {
  return family === 6 || prefixLength < 32
}

/**
 * Checks that every route of the result is in its table. Of a default route only the destination counts: others may
 * have replaced it on purpose.
 */
export async function checkRoutes(container: OpenNetns, expected: readonly Route[]): Promise<void> {
  const tables = new Map<number, KernelRoute[]>()
  for (const route of expected) {
    const table = route.table || 254
    const present = tables.get(table) ?? (await listRoutes(container.route, { table }))
    tables.set(table, present)
    if (!present.some((candidate) => isSameRoute(route, candidate)))
      throw new Error(`Expected Route ${describe(route)} not found in routing table`)
  }
}

function isSameRoute(expected: Route, present: KernelRoute): boolean {
  if (!present.dst.equals(expected.dst.masked())) return false
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
