import { attr, attributes, be16, be32, boolean8, flag, ip, struct, u8, u32 } from '../../../netlink/index.ts'

/** `struct ifla_vxlan_port_range`, `<linux/if_link.h>`. */
const portRange = struct({ low: be16, high: be16 })

/** Data of a link of kind `vxlan`, `<linux/if_link.h> IFLA_VXLAN_*`. */
export const vxlan = attributes('IFLA_VXLAN', {
  id: attr(1, u32),
  group: attr(2, ip),
  link: attr(3, u32),
  local: attr(4, ip),
  ttl: attr(5, u8),
  tos: attr(6, u8),
  learning: attr(7, boolean8),
  ageing: attr(8, u32),
  limit: attr(9, u32),
  portRange: attr(10, portRange),
  proxy: attr(11, boolean8),
  rsc: attr(12, boolean8),
  l2miss: attr(13, boolean8),
  l3miss: attr(14, boolean8),
  port: attr(15, be16),
  group6: attr(16, ip),
  local6: attr(17, ip),
  udpCsum: attr(18, boolean8),
  udpZeroCsum6Tx: attr(19, boolean8),
  udpZeroCsum6Rx: attr(20, boolean8),
  remcsumTx: attr(21, boolean8),
  remcsumRx: attr(22, boolean8),
  gbp: attr(23, flag),
  remcsumNopartial: attr(24, flag),
  collectMetadata: attr(25, boolean8),
  label: attr(26, be32),
  gpe: attr(27, flag),
  df: attr(29, u8),
  vnifilter: attr(30, boolean8),
})
