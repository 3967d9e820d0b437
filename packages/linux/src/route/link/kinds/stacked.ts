import { attr, attributes, be16, list, struct, u16, u32 } from '../../../netlink/index.ts'

/** Data of a link of kind `ipvlan` or `ipvtap`, `<linux/if_link.h> IFLA_IPVLAN_*`. */
export const ipvlan = attributes('IFLA_IPVLAN', { mode: attr(1, u16), flags: attr(2, u16) })

/** `<linux/if_link.h> IPVLAN_MODE_*`: values of `mode`. */
export const IPVLAN_MODE = { L2: 0, L3: 1, L3S: 2 } as const

/** `struct ifla_vlan_flags`, `<linux/if_link.h>`. */
const vlanFlags = struct({ flags: u32, mask: u32 })

/** `struct ifla_vlan_qos_mapping`, `<linux/if_link.h>`. */
const qosMapping = struct({ from: u32, to: u32 })

/** Data of a link of kind `vlan`, `<linux/if_link.h> IFLA_VLAN_*`. */
export const vlan = attributes('IFLA_VLAN', {
  id: attr(1, u16),
  flags: attr(2, vlanFlags),
  egressQos: attr(3, list(1, qosMapping)),
  ingressQos: attr(4, list(1, qosMapping)),
  /** 0x8100 is 802.1Q, 0x88a8 is 802.1ad. */
  protocol: attr(5, be16),
})

/** Data of a link of kind `vrf`, `<linux/if_link.h> IFLA_VRF_*`. */
export const vrf = attributes('IFLA_VRF', { table: attr(1, u32) })

/** Data of a port of a vrf, `<linux/if_link.h> IFLA_VRF_PORT_*`. */
export const vrfPort = attributes('IFLA_VRF_PORT', { table: attr(1, u32) })
