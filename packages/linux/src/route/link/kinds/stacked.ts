import { attr, attributes, be16, list, struct, u16, u32 } from '../../../netlink/raw.ts'

/** Data of a link of kind `ipvlan` or `ipvtap`, `<linux/if_link.h> IFLA_IPVLAN_*`. */
export class IpvlanAttributes {
  readonly mode = attr(1, u16)
  readonly flags = attr(2, u16)
}

/** The codec of {@link IpvlanAttributes}. */
export const ipvlan = attributes('IFLA_IPVLAN', new IpvlanAttributes())

/** `<linux/if_link.h> IPVLAN_MODE_*`: values of `mode`. */
export const IPVLAN_MODE = { L2: 0, L3: 1, L3S: 2 } as const

/** `struct ifla_vlan_flags`, `<linux/if_link.h>`. */
const vlanFlags = struct({ flags: u32, mask: u32 })

/** `struct ifla_vlan_qos_mapping`, `<linux/if_link.h>`. */
const qosMapping = struct({ from: u32, to: u32 })

/** Data of a link of kind `vlan`, `<linux/if_link.h> IFLA_VLAN_*`. */
export class VlanAttributes {
  readonly id = attr(1, u16)
  readonly flags = attr(2, vlanFlags)
  readonly egressQos = attr(3, list(1, qosMapping))
  readonly ingressQos = attr(4, list(1, qosMapping))
  /** 0x8100 is 802.1Q, 0x88a8 is 802.1ad. */
  readonly protocol = attr(5, be16)
}

/** The codec of {@link VlanAttributes}. */
export const vlan = attributes('IFLA_VLAN', new VlanAttributes())

/** Data of a link of kind `vrf`, `<linux/if_link.h> IFLA_VRF_*`. */
export class VrfAttributes {
  readonly table = attr(1, u32)
}

/** The codec of {@link VrfAttributes}. */
export const vrf = attributes('IFLA_VRF', new VrfAttributes())

/** Data of a port of a vrf, `<linux/if_link.h> IFLA_VRF_PORT_*`. */
export class VrfPortAttributes {
  readonly table = attr(1, u32)
}

/** The codec of {@link VrfPortAttributes}. */
export const vrfPort = attributes('IFLA_VRF_PORT', new VrfPortAttributes())
