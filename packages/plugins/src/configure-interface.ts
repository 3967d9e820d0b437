import type { CIDR, IP, MAC } from '@patchbay/address'
import type { IPConfig, Result, Route } from '@patchbay/cni/types'
import { readSysctl, writeSysctl } from '@patchbay/linux/netns'
import {
  addAddressRequest,
  addRouteRequest,
  IFA_F,
  type Route as KernelRoute,
  setIpv4ConfRequest,
  setLinkRequest,
  standardBroadcast,
} from '@patchbay/linux/route'
import { carryOut, type Step } from './carry-out.ts'
import { messageOf } from './error-message.ts'
import type { ContainerLink, Host } from './hosts.ts'
import { settleAddresses } from './settle-addresses.ts'

/** IPv6 addresses that are still tentative after this long are an error when the link is up. */
const SETTLE_MS = 5000

/** `<linux/rtnetlink.h>` */
const RTNH_F_ONLINK = 4

export interface InterfaceOptions {
  /** Set in the request that sets the link up. */
  mac?: MAC | undefined
  /**
   * Routes in place of those that the kernel makes for the network of each address: added before the result's own,
   * which may need them to reach their gateways. Their link is the interface.
   */
  networkRoutes?: readonly KernelRoute[]
  /** Whether neighbours are told of the IPv4 addresses when the interface is set up. */
  announced?: boolean
  warn: (line: string) => void
}

/**
 * Gives a container's interface the addresses and routes that a result lists for it, and sets it up.
 *
 * @throws Error naming the address or route and the kernel's reason
 */
export async function configureInterface(
  container: Host,
  link: ContainerLink,
  result: Pick<Result, 'interfaces' | 'ips' | 'routes'>,
  options: InterfaceOptions,
): Promise<void> {
  if (!result.interfaces || result.interfaces.length === 0) throw new Error('no interfaces to configure')
  const ips = addressesOf(link.ifName, result)
  if (ips.some((ip) => ip.address.family === 6)) enableIpv6(container, link.ifName, options.warn)
  const gateway = { 4: gatewayOf(ips, 4), 6: gatewayOf(ips, 6) }
  const { networkRoutes = [] } = options
  const routes = (result.routes ?? []).map((route) => {
    const gw = route.gw ?? gateway[route.dst.family]
    const isNear = gw === undefined || networkRoutes.length === 0 || isOnLink(gw, networkRoutes) || !isIn(gw, ips)
    return { ...kernelRoute({ ...route, ...optional('gw', gw) }), ...(!isNear && { flags: RTNH_F_ONLINK }) }
  })
  const settingUp = stepsToSetUp(link, ips, options)
  const routing = [...networkRoutes, ...routes].map((route) => stepToRoute(link, route))
  if (!gateway[6]) return carryOut(container, [...settingUp, ...routing])
  await carryOut(container, settingUp)
  await settleAddresses(container, link, SETTLE_MS)
  await carryOut(container, routing)
}

/** Without the kernel's own route to it, the kernel does not believe that a gateway in the network is on the link. */
function isOnLink(gateway: IP, routes: readonly KernelRoute[]): boolean {
  return routes.some((route) => !route.gateway && route.dst.contains(gateway))
}

function isIn(gateway: IP, ips: readonly IPConfig[]): boolean {
  return ips.some(({ address }) => address.contains(gateway))
}

function optional<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]: V })
}

/** The addresses meant for this interface: those that name one at all. */
function addressesOf(ifName: string, result: Pick<Result, 'interfaces' | 'ips'>): IPConfig[] {
  const own = (result.ips ?? []).filter((ip) => ip.interface !== undefined)
  for (const ip of own) {
    if (result.interfaces?.[ip.interface ?? -1]?.name !== ifName)
      throw new Error(`failed to add IP addr ${ip.address} to "${ifName}": invalid interface index`)
  }
  return own
}

function gatewayOf(ips: readonly IPConfig[], version: 4 | 6): IP | undefined {
  return ips.find((ip) => ip.address.family === version && ip.gateway)?.gateway
}

/** Containers often start with IPv6 off; and addresses must outlive the link being set down and up again. */
function enableIpv6(container: Host, ifName: string, warn: (line: string) => void): void {
  for (const name of ['lo', ifName]) {
    const sysctl = `net/ipv6/conf/${name}/disable_ipv6`
    let value: string
    try {
      value = readSysctl(container.netns, sysctl)
    } catch (error) {
      warn(`Cannot read sysctl "${sysctl}": ${messageOf(error)}; the kernel may have no IPv6`)
      continue
    }
    if (value !== '0') writeSysctl(container.netns, sysctl, '0')
  }
  writeSysctl(container.netns, `net/ipv6/conf/${ifName}/keep_addr_on_down`, '1')
}

function stepsToSetUp(
  { index, ifName }: ContainerLink,
  ips: readonly IPConfig[],
  { mac, networkRoutes, announced = false }: InterfaceOptions,
): Step[] {
  const flags = networkRoutes ? { flags: IFA_F.NOPREFIXROUTE } : {}
  const steps: Step[] = []
  if (announced)
    steps.push({ what: () => `set arp_notify of "${ifName}"`, request: setIpv4ConfRequest(index, { arpNotify: 1 }) })
  for (const { address } of ips) {
    const request = addAddressRequest({ ...asAddress(index, address), ...flags })
    steps.push({ what: () => `add IP addr ${address} to "${ifName}"`, request })
  }
  steps.push({ what: () => `set "${ifName}" UP`, request: setLinkRequest(index, { address: mac, up: true }) })
  return steps
}

/** An address as `ip address add` would add it: with the standard broadcast address for IPv4. */
export function asAddress(index: number, address: CIDR): Parameters<typeof addAddressRequest>[0] {
  return { index, address, ...optional('broadcast', standardBroadcast(address)) }
}

function stepToRoute({ index, ifName }: ContainerLink, route: KernelRoute): Step {
  const what = () => `add route '${describeRoute(route, ifName)}'`
  return { what, request: addRouteRequest({ ...route, oif: index }, 'append') }
}

/** Whether a gateway stands for "none": the destination is on the link. The kernel takes 0.0.0.0 so, and refuses `::`. */
export function isOnTheLink(gateway: IP | undefined): boolean {
  return gateway?.isUnspecified ?? false
}

function kernelRoute({ dst, gw, mtu, advmss, priority, table, scope }: Route): KernelRoute {
  return {
    dst,
    ...optional('gateway', isOnTheLink(gw) ? undefined : gw),
    ...optional('priority', priority),
    ...optional('table', table),
    ...optional('scope', scope),
    ...(mtu || advmss ? { metrics: { mtu: mtu || undefined, advmss: advmss || undefined } } : {}),
  }
}

function describeRoute({ dst, gateway, priority, scope, table }: KernelRoute, ifName: string): string {
  const via = gateway ? ` via ${gateway}` : ''
  return `${dst}${via} dev ${ifName} metric ${priority ?? 0} (Scope: ${scope ?? 0}, Table: ${table ?? 0})`
}
