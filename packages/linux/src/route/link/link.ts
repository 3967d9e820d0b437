import {
  type Attributes,
  attr,
  attributes,
  each,
  type FlatMessageCodec,
  flatMessage,
  operation,
  type Struct,
  struct,
  u16,
  variant,
} from '../../netlink/raw.ts'
import { CommonLinkAttributes, type Ifinfomsg, ifinfomsg } from './attributes.ts'
import { bridge } from './kinds/bridge.ts'
import { bridgePort } from './kinds/bridge-port.ts'
import { macvlan } from './kinds/macvlan.ts'
import { ipvlan, vlan, vrf, vrfPort } from './kinds/stacked.ts'
import { tun } from './kinds/tun.ts'
import { veth } from './kinds/veth.ts'
import { vxlan } from './kinds/vxlan.ts'

/** Kinds of links whose data we know. */
export const linkKinds = {
  bridge,
  ipvlan,
  ipvtap: ipvlan,
  macvlan,
  macvtap: macvlan,
  tun,
  veth,
  vlan,
  vrf,
  vxlan,
} as const

/** What kind of link it is and, for a port, of what kind its master is: `<linux/if_link.h> IFLA_INFO_*`. */
export class LinkinfoAttributes {
  readonly link = variant(1, 2, linkKinds)
  readonly port = variant(4, 5, { bridge: bridgePort, vrf: vrfPort })
}

/** The codec of {@link LinkinfoAttributes}. */
export const linkinfo = attributes('IFLA_INFO', new LinkinfoAttributes())

/** All attributes of a link. */
export class LinkAttributes extends CommonLinkAttributes {
  readonly linkinfo = attr(18, linkinfo)
}

/** The codec of {@link LinkAttributes}. */
export const linkAttributes = attributes('IFLA', new LinkAttributes())

/** A network interface as the kernel describes it. */
export interface Link extends Struct<Ifinfomsg>, Attributes<LinkAttributes> {}

/** Body of `RTM_*LINK`: `struct ifinfomsg` and the attributes of a link. */
export const linkMessage: FlatMessageCodec<Link> = flatMessage(ifinfomsg, linkAttributes)

/** `struct bridge_vlan_info`, `<linux/if_bridge.h>`. */
const bridgeVlanInfo = struct({ flags: u16, vid: u16 })

/** `<linux/if_bridge.h> BRIDGE_VLAN_INFO_*`: bits of a VLAN entry's `flags`. */
export const BRIDGE_VLAN_INFO = {
  MASTER: 1,
  PVID: 2,
  UNTAGGED: 4,
  RANGE_BEGIN: 8,
  RANGE_END: 16,
  BRENTRY: 32,
} as const

/** What bridges say of a port, `<linux/if_bridge.h> IFLA_BRIDGE_*`. */
class BridgeAfSpecAttributes {
  readonly flags = attr(0, u16)
  readonly mode = attr(1, u16)
  readonly vlanInfo = each(2, bridgeVlanInfo)
}

/** Attributes of a link in family AF_BRIDGE. */
class BridgeLinkAttributes extends CommonLinkAttributes {
  readonly afSpec = attr(26, attributes('IFLA_BRIDGE', new BridgeAfSpecAttributes()))
}

/** A port of a bridge, with its VLANs. */
export interface BridgeLink extends Struct<Ifinfomsg>, Attributes<BridgeLinkAttributes> {}

/** Body of `RTM_*LINK` in family AF_BRIDGE: the VLANs of a port. */
export const bridgeLinkMessage: FlatMessageCodec<BridgeLink> = flatMessage(
  ifinfomsg,
  attributes('IFLA', new BridgeLinkAttributes()),
)

/** Says which link a message is about: `link "eth0"`, `link 3 "eth0"`. Nothing of lists. */
export function describeLink({ index, ifname, altIfname, group }: Partial<Link>): string | undefined {
  const name = ifname ?? altIfname
  const words = [...(index ? [index] : []), ...(name === undefined ? [] : [`"${name}"`])]
  if (words.length > 0) return `link ${words.join(' ')}`
  return group === undefined ? undefined : `links of group ${group}`
}

/** Operations on links, `<linux/rtnetlink.h> RTM_*LINK`. */
export const linkOperations = {
  add: operation<Link, Partial<Link>>('RTM_NEWLINK', 16, linkMessage, describeLink),
  delete: operation<Link, Partial<Link>>('RTM_DELLINK', 17, linkMessage, describeLink),
  get: operation<Link, Partial<Link>>('RTM_GETLINK', 18, linkMessage, describeLink),
  set: operation<Link, Partial<Link>>('RTM_SETLINK', 19, linkMessage, describeLink),
  reply: operation<Link, Partial<Link>>('RTM_NEWLINK', 16, linkMessage),
} as const
