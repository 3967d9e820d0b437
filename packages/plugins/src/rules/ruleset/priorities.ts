import type { Chain } from '@patchbay/linux/nftables'

/** Where packets that leave the host get its address. */
export const sourceNat = {
  type: 'nat',
  hook: 'postrouting',
  priority: 'srcnat',
  policy: 'accept',
} as const satisfies Chain['base']
