import { CIDR } from '@patchbay/address'
import type { IPConfig } from '@patchbay/cni/types'
import { type Route as KernelRoute, RT_SCOPE } from '@patchbay/linux/route'

/** The host is the only neighbour: the gateway is reached directly, and the rest of the network through it. */
export function containerRoutes(ips: readonly IPConfig[]): KernelRoute[] {
  const routes = new Map<string, KernelRoute>()
  const add = (route: KernelRoute) => {
    if (!routes.has(String(route.dst))) routes.set(String(route.dst), route)
  }
  for (const { address, gateway } of ips)
    if (gateway) add({ dst: CIDR.of(gateway, gateway.bits), scope: RT_SCOPE.LINK, prefsrc: address.address })
  for (const { address, gateway } of ips) if (gateway) add({ dst: address.masked(), gateway, prefsrc: address.address })
  return [...routes.values()]
}
