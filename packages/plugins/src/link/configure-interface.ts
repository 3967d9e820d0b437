import type { CIDR, IP, MAC } from '@patchbay/address'
import type { IPConfig, Route } from '@patchbay/cni/types'
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
import { messageOf } from '../request/error-message.ts'
import { preferOptimistic, readAcceptDad, withoutDad } from './container-sysctls.ts'
import { explainUnreachable, isInNetwork, isOnLink, routesToGateways } from './gateway-routes.ts'
import { allowOptimistic } from './host-ipv6.ts'
import type { ContainerLink, OpenNetns } from './net-context.ts'
import { type KernelStep, sendSteps } from './send-steps.ts'
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
  /**
   * Whether IPv6 addresses are used while the kernel looks for duplicates (RFC 4429): on a network of others. Otherwise the
   * interface's own settings decide.
   */
  optimistic?: boolean
  /** Whether neighbours are told of the IPv4 addresses when the interface is set up. */
  announced?: boolean
  warn: (line: string) => void
}

/**
 * Gives a container's interface its addresses and routes, and sets it up.
 *
 * @throws Error naming the address or route and the kernel's reason
 */
export async function configureInterface(
  container: OpenNetns,
  link: ContainerLink,
  result: { readonly ips: readonly IPConfig[]; readonly routes: readonly Route[] },
  options: InterfaceOptions,
): Promise<void> {
  const { ips } = result
  if (ips.some((ip) => ip.address.family === 6)) enableIpv6(container, link.ifName, options.warn)
  const gateway = { 4: gatewayOf(ips, 4), 6: gatewayOf(ips, 6) }
  const { networkRoutes = [] } = options
  const routes = result.routes.map((route) => {
    const gw = route.gw ?? gateway[route.dst.family]
    // Without the kernel's own route to it, the kernel does not believe that a gateway in the network is on the link.
    const isNear = !gw || networkRoutes.length === 0 || isOnLink(gw, networkRoutes) || !isInNetwork(gw, ips)
    return { ...kernelRoute({ ...route, ...optional('gw', gw) }), ...(!isNear && { flags: RTNH_F_ONLINK }) }
  })
  const all = [...networkRoutes, ...routesToGateways(ips, [...networkRoutes, ...routes]), ...routes]
  const routing = all.map((route) => stepToRoute(link, route))
  if (options.optimistic && detectsDuplicates(container, link, ips))
    return setUpOptimistically(container, link, { ips, options, routing, settles: gateway[6] !== undefined })
  const settingUp = stepsToSetUp(link, ips, options)
  if (!gateway[6]) return sendSteps(container, [...settingUp, ...routing])
  await sendSteps(container, settingUp)
  await settleAddresses(container, link, SETTLE_MS)
  await sendSteps(container, routing)
}

/** Whether there are IPv6 addresses that the kernel would look for duplicates of. */
function detectsDuplicates(container: OpenNetns, { ifName }: ContainerLink, ips: readonly IPConfig[]): boolean {
  return ips.some(({ address }) => address.family === 6) && readAcceptDad(container, ifName) !== '0'
}

/**
 * The link-local address comes first, and without a look for duplicates: it follows from the hardware address, and nothing but
 * an address that is settled can ask for a neighbour. The others are optimistic.
 */
async function setUpOptimistically(
  container: OpenNetns,
  link: ContainerLink,
  setup: { ips: readonly IPConfig[]; options: InterfaceOptions; routing: readonly KernelStep[]; settles: boolean },
): Promise<void> {
  const { ips, options, routing, settles } = setup
  const of = (version: 4 | 6) => ips.filter(({ address }) => address.family === version)
  await withoutDad(container, link.ifName, async () => {
    await sendSteps(container, stepsToSetUp(link, of(4), options))
    await settleAddresses(container, link, SETTLE_MS)
  })
  preferOptimistic(container, link.ifName)
  const addresses = of(6).map(({ address }) => stepToAddress(link, address, IFA_F.OPTIMISTIC))
  await allowOptimistic(container, link.ifName, () => sendSteps(container, [...addresses, ...routing]))
  if (settles) await settleAddresses(container, link, SETTLE_MS)
}

function optional<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]: V })
}

function gatewayOf(ips: readonly IPConfig[], version: 4 | 6): IP | undefined {
  return ips.find((ip) => ip.address.family === version && ip.gateway)?.gateway
}

/** Containers often start with IPv6 off; and addresses must outlive the link being set down and up again. */
function enableIpv6(container: OpenNetns, ifName: string, warn: (line: string) => void): void {
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
): KernelStep[] {
  const flags = networkRoutes ? IFA_F.NOPREFIXROUTE : 0
  const steps: KernelStep[] = []
  if (announced)
    steps.push({ what: () => `set arp_notify of "${ifName}"`, request: setIpv4ConfRequest(index, { arpNotify: 1 }) })
  for (const { address } of ips) steps.push(stepToAddress({ index, ifName }, address, flags))
  steps.push({ what: () => `set "${ifName}" UP`, request: setLinkRequest(index, { address: mac, up: true }) })
  return steps
}

function stepToAddress({ index, ifName }: ContainerLink, address: CIDR, flags: number): KernelStep {
  const request = addAddressRequest({ ...asAddress(index, address), flags })
  return { what: () => `add IP addr ${address} to "${ifName}"`, request }
}

/** An address as `ip address add` would add it: with the standard broadcast address for IPv4. */
export function asAddress(index: number, address: CIDR): Parameters<typeof addAddressRequest>[0] {
  return { index, address, ...optional('broadcast', standardBroadcast(address)) }
}

function stepToRoute({ index, ifName }: ContainerLink, route: KernelRoute): KernelStep {
  const what = () => `add route '${describeRoute(route, ifName)}'`
  const request = addRouteRequest({ ...route, oif: index }, 'append')
  return { what, request, explain: (error) => explainUnreachable(error, route.gateway, ifName) }
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
