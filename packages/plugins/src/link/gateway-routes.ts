import { CIDR, type IP } from '@patchbay/address'
import type { IPConfig } from '@patchbay/cni/types'
import { isNetlinkError } from '@patchbay/linux/netlink'
import { type Route, RT_SCOPE } from '@patchbay/linux/route'

/**
 * Routes to the gateways of addresses that are in no network of the interface: they are its neighbours all the same. The
 * kernel takes a route through such a gateway only when it has one to it.
 *
 * @param routes what the interface gets beside; none is made to a gateway that they do not use, or lead to
 */
export function routesToGateways(ips: readonly IPConfig[], routes: readonly Route[]): Route[] {
  const gateways = new Map<string, IP>()
  for (const { gateway } of ips) if (gateway && isFar(gateway, ips, routes)) gateways.set(String(gateway), gateway)
  return [...gateways.values()].map((gateway) => ({ dst: CIDR.of(gateway, gateway.bits), scope: RT_SCOPE.LINK }))
}

function isFar(gateway: IP, ips: readonly IPConfig[], routes: readonly Route[]): boolean {
  // Every interface is in the network of the link-local addresses of IPv6.
  if (gateway.family === 6 && gateway.isLinkLocalUnicast) return false
  if (isInNetwork(gateway, ips) || isOnLink(gateway, routes.filter(isForGateways))) return false
  return routes.some((route) => route.gateway?.equals(gateway))
}

/** With a route of a wider scope, the kernel does not believe that an IPv4 gateway is on the link. */
function isForGateways({ dst, scope }: Route): boolean {
  return dst.family === 6 || scope === RT_SCOPE.LINK
}

/** Says of a route that the kernel refused what to do about its gateway, when it is that which the kernel cannot reach. */
export function explainUnreachable(error: unknown, gateway: IP | undefined, ifName: string): unknown {
  if (!gateway || !isNetlinkError(error, 'ENETUNREACH', 'EHOSTUNREACH')) return error
  const onLink = gateway.family === 4 ? '"gw" 0.0.0.0 and "scope" 253' : '"gw" ::'
  const remedy = `correct it (key "gw"), or list a route to it with ${onLink} before`
  return new Error(`Cannot reach gateway ${gateway}: it is in no network of "${ifName}"; ${remedy}`, { cause: error })
}

/** Whether a gateway is in the network of an address. */
export function isInNetwork(gateway: IP, ips: readonly IPConfig[]): boolean {
  return ips.some(({ address }) => address.contains(gateway))
}

/** Whether there is a route to a gateway that leads right to it. */
export function isOnLink(gateway: IP, routes: readonly Route[]): boolean {
  return routes.some((route) => !route.gateway && route.dst.contains(gateway))
}
