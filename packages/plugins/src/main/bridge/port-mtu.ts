import { listAddresses } from '@patchbay/linux/route'
import { isTooSmallForIpv6, MIN_MTU_OF_IPV6 } from '../../link/link-mtu.ts'
import type { OpenNetns } from '../../link/net-context.ts'
import type { Bridge } from './bridge-link.ts'

/**
 * The MTU of the host's end of a pair. A bridge whose MTU nobody has set takes the least of its ports', and the kernel takes
 * IPv6 from one with less than 1280: where others use IPv6 on the bridge, no port has less. The container's end has what the
 * configuration says all the same.
 *
 * @param mtu what the configuration says; 0 and below are the kernel's choice
 */
export async function mtuOfPort(
  host: OpenNetns,
  { bridge, mtu, warn }: { bridge: Bridge; mtu: number; warn: (line: string) => void },
): Promise<number> {
  if (!isTooSmallForIpv6(mtu) || bridge.isNew || isTooSmallForIpv6(bridge.mtu ?? 0)) return mtu
  if (!(await servesIpv6(host, bridge))) return mtu
  warn(
    `Cannot give the port of "${bridge.ifname}" an MTU of ${mtu} (key "mtu"): the bridge would lose its IPv6 addresses; the port has ${MIN_MTU_OF_IPV6}`,
  )
  return MIN_MTU_OF_IPV6
}

/** Whether a bridge has IPv6 addresses beside the link-local one that the kernel gives every link. */
async function servesIpv6(host: OpenNetns, { index }: Bridge): Promise<boolean> {
  const addresses = await listAddresses(host.route, { index, family: 6 })
  return addresses.length > 1 || addresses.some(({ address }) => !address.address.isLinkLocalUnicast)
}
