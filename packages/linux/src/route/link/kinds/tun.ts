import { attr, attributes, boolean8, u8, u32 } from '../../../netlink/raw.ts'

/** Data of a link of kind `tun`, which the kernel reports and does not take: `<linux/if_link.h> IFLA_TUN_*`. */
export class TunAttributes {
  readonly owner = attr(1, u32)
  readonly group = attr(2, u32)
  readonly type = attr(3, u8)
  readonly pi = attr(4, boolean8)
  readonly vnetHdr = attr(5, boolean8)
  readonly persist = attr(6, boolean8)
  readonly multiQueue = attr(7, boolean8)
  readonly numQueues = attr(8, u32)
  readonly numDisabledQueues = attr(9, u32)
}

/** The codec of {@link TunAttributes}. */
export const tun = attributes('IFLA_TUN', new TunAttributes())
