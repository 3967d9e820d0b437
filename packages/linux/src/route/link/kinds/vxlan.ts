import { attr, attributes, be16, be32, boolean8, flag, ip, struct, u8, u32 } from '../../../netlink/raw.ts'

/** `struct ifla_vxlan_port_range`, `<linux/if_link.h>`. */
const portRange = struct({ low: be16, high: be16 })

/** Data of a link of kind `vxlan`, `<linux/if_link.h> IFLA_VXLAN_*`. */
export class VxlanAttributes {
  readonly id = attr(1, u32)
  readonly group = attr(2, ip)
  readonly link = attr(3, u32)
  readonly local = attr(4, ip)
  readonly ttl = attr(5, u8)
  readonly tos = attr(6, u8)
  readonly learning = attr(7, boolean8)
  readonly ageing = attr(8, u32)
  readonly limit = attr(9, u32)
  readonly portRange = attr(10, portRange)
  readonly proxy = attr(11, boolean8)
  readonly rsc = attr(12, boolean8)
  readonly l2miss = attr(13, boolean8)
  readonly l3miss = attr(14, boolean8)
  readonly port = attr(15, be16)
  readonly group6 = attr(16, ip)
  readonly local6 = attr(17, ip)
  readonly udpCsum = attr(18, boolean8)
  readonly udpZeroCsum6Tx = attr(19, boolean8)
  readonly udpZeroCsum6Rx = attr(20, boolean8)
  readonly remcsumTx = attr(21, boolean8)
  readonly remcsumRx = attr(22, boolean8)
  readonly gbp = attr(23, flag)
  readonly remcsumNopartial = attr(24, flag)
  readonly collectMetadata = attr(25, boolean8)
  readonly label = attr(26, be32)
  readonly gpe = attr(27, flag)
  readonly df = attr(29, u8)
  readonly vnifilter = attr(30, boolean8)
}

/** The codec of {@link VxlanAttributes}. */
export const vxlan = attributes('IFLA_VXLAN', new VxlanAttributes())
