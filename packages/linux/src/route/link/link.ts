import {
  attr,
  attributes,
  each,
  flatMessage,
  operation,
  struct,
  u16,
  type Value,
  variant,
} from '../../netlink/index.ts'
import { commonAttributes, ifinfomsg } from './attributes.ts'
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
export const linkinfo = attributes('IFLA_INFO', {
  link: variant(1, 2, linkKinds),
  port: variant(4, 5, { bridge: bridgePort, vrf: vrfPort }),
})

/** All attributes of a link. */
export const linkAttributes = attributes('IFLA', { ...commonAttributes, linkinfo: attr(18, linkinfo) })

/** Body of `RTM_*LINK`: `struct ifinfomsg` and the attributes of a link. */
export const linkMessage = flatMessage(ifinfomsg, linkAttributes)

/** A network interface as the kernel describes it. */
export type Link = Value<typeof linkMessage>

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

/** Body of `RTM_*LINK` in family AF_BRIDGE: the VLANs of a port. */
export const bridgeLinkMessage = flatMessage(
  ifinfomsg,
  attributes('IFLA', {
    ...commonAttributes,
    afSpec: attr(
      26,
      attributes('IFLA_BRIDGE', { flags: attr(0, u16), mode: attr(1, u16), vlanInfo: each(2, bridgeVlanInfo) }),
    ),
  }),
)

/** Operations on links, `<linux/rtnetlink.h> RTM_*LINK`. */
export const linkOperations = {
  add: operation('RTM_NEWLINK', 16, linkMessage),
  delete: operation('RTM_DELLINK', 17, linkMessage),
  get: operation('RTM_GETLINK', 18, linkMessage),
  set: operation('RTM_SETLINK', 19, linkMessage),
  reply: operation('RTM_NEWLINK', 16, linkMessage),
} as const
