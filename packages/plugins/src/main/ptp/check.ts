import { CIDR } from '@patchbay/address'
import type { Request } from '@patchbay/cni/plugin'
import type { IPConfig, Result } from '@patchbay/cni/types'
import { findLink, type Link } from '@patchbay/linux/route'
import { checkAdvertisements, checkForwarding, checkGateways, checkReached } from '../../link/check-host.ts'
import {
  checkAddresses,
  checkLink,
  checkMac,
  checkRoutes,
  checkUp,
  containerInterface,
  requirePrevResult,
} from '../../link/check-interface.ts'
import { type OpenNetns, openNetns } from '../../link/net-context.ts'
import { checkError } from '../../request/check-error.ts'
import { checkMasquerade } from '../../rules/masquerade/index.ts'
import { loadPtpConfig } from './config.ts'
import { containerRoutes } from './container-routes.ts'

/** Checks that a container is attached as its ADD said. */
export async function check(request: Request): Promise<void> {
  const config = loadPtpConfig(request)
  using container = openNetns(request, request.netns)
  using host = openNetns(request, request.hostNetns)
  await request.delegate(config.ipamType, 'CHECK')
  const result = requirePrevResult(request, 'ptp')
  const { ips = [] } = result
  const link = await checkLink(container, containerInterface(request, result), 'veth')
  checkUp(link)
  await checkAddresses(container, link, { ips, networkRoutes: containerRoutes(ips) })
  await checkRoutes(container, link, result.routes ?? [])
  await checkHostEnd(host, link, result)
  const addresses = ips.map(({ address }) => address)
  checkForwarding(
    host,
    addresses.map(({ family }) => family),
  )
  if (config.ipMasq) await checkMasquerade(request, config, addresses)
}

/** The host's end leads to the container, and the container's packets come in by it. */
async function checkHostEnd(host: OpenNetns, link: Link, { interfaces = [], ips = [] }: Result): Promise<void> {
  const end = link.link === undefined ? undefined : await findLink(host.route, link.link)
  if (end?.linkinfo?.link?.kind !== 'veth' || end.link !== link.index)
    throw checkError(`Cannot find the host's end of interface "${link.ifname}": it is not in the host's namespace`)
  const { ifname = '' } = end
  const listed = interfaces.find(({ name, sandbox }) => name === ifname && !sandbox)
  if (listed) checkMac(end, listed)
  checkUp(end)
  checkAdvertisements(host, ifname)
  await checkGateways(host, end, ips.flatMap(gatewayOf))
  await checkReached(
    host,
    end,
    ips.map(({ address: { address } }) => CIDR.of(address, address.bits)),
  )
}

function gatewayOf({ gateway }: IPConfig): CIDR[] {
  return gateway ? [CIDR.of(gateway, gateway.bits)] : []
}
