import { isNetlinkError } from '@patchbay/linux/netlink'
import { readLinkFile } from '@patchbay/linux/netns'
import {
  addLink,
  type BridgeSummary,
  bridgeSummary,
  findLink,
  IF_OPER,
  IFF,
  type LinkSummary,
  linkSummary,
  setLink,
} from '@patchbay/linux/route'
import { acceptNoRouterAdvertisements, expectNoDuplicates } from '../../link/host-ipv6.ts'
import type { OpenNetns } from '../../link/net-context.ts'
import { messageOf } from '../../request/error-message.ts'
import type { BridgeConfig } from './config.ts'
import { vlanError } from './vlan-support.ts'

/** `<linux/netdevice.h> NET_ADDR_RANDOM`: the kernel made up the hardware address, or took that of a port. */
const NET_ADDR_RANDOM = '1'

/** A bridge as an ADD finds or makes it. */
export interface Bridge extends LinkSummary {
  /** Whether this ADD has made it, so that nobody else is on it. */
  isNew: boolean
  /**
   * Where the hardware address comes from. `made up`: by the kernel, and there is no port. `set`: by somebody, whose choice it
   * is. `unknown`: it may be that of a port, or one that was set.
   */
  macOrigin: 'made up' | 'set' | 'unknown'
}

/**
 * The bridge by its name, made when it is not there, and set up unless {@link awaitsAddress}. One that is there keeps its
 * MTU and VLAN filtering.
 *
 * @throws Error `failed to create bridge "cni0": ...`
 */
export async function ensureBridge(host: OpenNetns, config: BridgeConfig): Promise<Bridge> {
  const name = config.bridge
  try {
    const found = name === '' ? undefined : await findLink(host.route, name, { as: bridgeSummary })
    const bridge = found ? describeFound(host, config, found) : await makeBridge(host, config)
    if (bridge.isNew) expectNoDuplicates(host, name)
    if (bridge.acceptRa !== 0) acceptNoRouterAdvertisements(host, name)
    await setUp(host, bridge, { up: !awaitsAddress(config), promisc: config.promiscMode })
    return bridge
  } catch (error) {
    throw new Error(`failed to create bridge "${name}": ${messageOf(error)}`, { cause: error })
  }
}

/** Whether a link is a bridge. */
export function isBridge(link: LinkSummary): boolean {
  return link.linkinfo?.link?.kind === 'bridge'
}

/** @throws Error when it is no bridge */
function describeFound(host: OpenNetns, config: BridgeConfig, found: BridgeSummary): Bridge {
  if (!isBridge(found)) throw new Error(`"${config.bridge}" already exists but is not a bridge`)
  return { ...found, isNew: false, macOrigin: awaitsAddress(config) ? macOriginOf(host, found) : 'unknown' }
}

/** The id of a bridge contains its hardware address as soon as somebody has set it or a port has given one. */
function macOriginOf(host: OpenNetns, { ifname = '', operstate, linkinfo }: BridgeSummary): Bridge['macOrigin'] {
  const address = linkinfo?.bridgeId?.subarray(2)
  if (!address || address.some((byte) => byte !== 0)) return 'unknown'
  // A port that is up and did not give its address: that of the bridge was set, to what it had been.
  if (operstate === IF_OPER.UP) return 'set'
  try {
    return readLinkFile(host.netns, ifname, 'addr_assign_type') === NET_ADDR_RANDOM ? 'made up' : 'set'
  } catch {
    return 'unknown'
  }
}

async function makeBridge(host: OpenNetns, config: BridgeConfig): Promise<Bridge> {
  if (config.bridge === '') throw new Error('the name of the bridge is empty')
  const vlanFiltering = config.vlan !== 0 || config.trunk !== undefined
  const data = vlanFiltering ? { vlanFiltering } : {}
  const settings = {
    ifname: config.bridge,
    mtu: config.mtu > 0 ? config.mtu : undefined,
    linkinfo: { link: { kind: 'bridge', data } },
  } as const
  try {
    return { ...(await addLink(host.route, settings, { as: linkSummary })), isNew: true, macOrigin: 'made up' }
  } catch (error) {
    // Lost a race: created concurrently.
    const found = isNetlinkError(error, 'EEXIST')
      ? await findLink(host.route, config.bridge, { as: bridgeSummary })
      : undefined
    if (!found) throw vlanFiltering ? vlanError(error) : error
    return describeFound(host, config, found)
  }
}

/**
 * Whether the hardware address of the bridge will be that of its gateway: it is then set up with it, so that nobody ever
 * sees another one.
 */
export function awaitsAddress({ deterministicMac, isGateway, ipamType, vlan }: BridgeConfig): boolean {
  return deterministicMac && isGateway && ipamType !== '' && vlan === 0
}

async function setUp(
  host: OpenNetns,
  link: LinkSummary,
  { up, promisc }: { up: boolean; promisc: boolean },
): Promise<void> {
  const wanted = (up ? IFF.UP : 0) | (promisc ? IFF.PROMISC : 0)
  if ((link.flags & wanted) === wanted) return
  await setLink(host.route, link.index, { ...(up && { up }), ...(promisc && { promisc }) })
}
