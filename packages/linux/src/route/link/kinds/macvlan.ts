import { attr, attributes, u16, u32 } from '../../../netlink/raw.ts'

/** Data of a link of kind `macvlan` or `macvtap`, `<linux/if_link.h> IFLA_MACVLAN_*`. */
export class MacvlanAttributes {
  readonly mode = attr(1, u32)
  readonly flags = attr(2, u16)
  readonly macaddrMode = attr(3, u32)
  readonly macaddrCount = attr(6, u32)
  /** Length of the queue for broadcasts, in packets. */
  readonly bcQueueLen = attr(7, u32)
  readonly bcQueueLenUsed = attr(8, u32)
}

/** The codec of {@link MacvlanAttributes}. */
export const macvlan = attributes('IFLA_MACVLAN', new MacvlanAttributes())

/** `<linux/if_link.h> MACVLAN_MODE_*`: values of `mode`. */
export const MACVLAN_MODE = { PRIVATE: 1, VEPA: 2, BRIDGE: 4, PASSTHRU: 8, SOURCE: 16 } as const
