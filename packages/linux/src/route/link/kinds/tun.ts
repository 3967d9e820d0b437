import { attr, attributes, boolean8, u8, u32 } from '../../../netlink/index.ts'

/** Data of a link of kind `tun`, which the kernel reports and does not take: `<linux/if_link.h> IFLA_TUN_*`. */
export const tun = attributes('IFLA_TUN', {
  owner: attr(1, u32),
  group: attr(2, u32),
  type: attr(3, u8),
  pi: attr(4, boolean8),
  vnetHdr: attr(5, boolean8),
  persist: attr(6, boolean8),
  multiQueue: attr(7, boolean8),
  numQueues: attr(8, u32),
  numDisabledQueues: attr(9, u32),
})
