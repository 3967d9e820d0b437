import { isNetlinkError } from '@patchbay/linux/netlink'
import { addLink, type BriefLink, briefLink, findLink, IFF, setLink } from '@patchbay/linux/route'
import { messageOf } from '../error-message.ts'
import { acceptNoRouterAdvertisements } from '../host-ipv6.ts'
import type { Host } from '../hosts.ts'
import type { BridgeConfig } from './config.ts'

/**
 * The bridge by its name, made when it is not there, and set up unless {@link awaitsAddress}. One that is there keeps its
 * MTU and VLAN filtering.
 *
 * @throws Error `failed to create bridge "cni0": ...`
 */
export async function ensureBridge(host: Host, config: BridgeConfig): Promise<BriefLink> {
  const name = config.bridge
  try {
    const found = name === '' ? undefined : await findLink(host.route, name, { as: briefLink })
    const bridge = found ?? (await makeBridge(host, config))
    if (!isBridge(bridge)) throw new Error(`"${name}" already exists but is not a bridge`)
    if (bridge.acceptRa !== 0) acceptNoRouterAdvertisements(host, name)
    await setUp(host, bridge, { up: !awaitsAddress(config), promisc: config.promiscMode })
    return bridge
  } catch (error) {
    throw new Error(`failed to create bridge "${name}": ${messageOf(error)}`, { cause: error })
  }
}

/** Whether a link is a bridge. */
export function isBridge(link: BriefLink): boolean {
  return link.linkinfo?.link?.kind === 'bridge'
}

async function makeBridge(host: Host, config: BridgeConfig): Promise<BriefLink> {
  if (config.bridge === '') throw new Error('the name of the bridge is empty')
  const vlanFiltering = config.vlan !== 0 || config.trunk !== undefined
  const data = vlanFiltering ? { vlanFiltering } : {}
  const settings = {
    ifname: config.bridge,
    mtu: config.mtu > 0 ? config.mtu : undefined,
    linkinfo: { link: { kind: 'bridge', data } },
  } as const
  try {
    return await addLink(host.route, settings, { as: briefLink })
  } catch (error) {
    // Another call was quicker.
    const found = isNetlinkError(error, 'EEXIST')
      ? await findLink(host.route, config.bridge, { as: briefLink })
      : undefined
    if (!found) throw error
    return found
  }
}

/**
 * Whether the hardware address of the bridge will be that of its gateway: it is then set up with it, so that nobody ever
 * sees another one.
 */
export function awaitsAddress({ deterministicMac, isGateway, ipamType, vlan }: BridgeConfig): boolean {
  return deterministicMac && isGateway && ipamType !== '' && vlan === 0
}

async function setUp(host: Host, link: BriefLink, { up, promisc }: { up: boolean; promisc: boolean }): Promise<void> {
  const wanted = (up ? IFF.UP : 0) | (promisc ? IFF.PROMISC : 0)
  if ((link.flags & wanted) === wanted) return
  await setLink(host.route, link.index, { ...(up && { up }), ...(promisc && { promisc }) })
}
