import type { CIDR } from '@patchbay/address'
import type { ValidAttachment } from '../../request/valid-attachments.ts'

/** Addresses of groups, to which packets leave as they are. */
export const multicast = { 4: '224.0.0.0/4', 6: 'ff00::/8' } as const

/** One way to have packets of containers leave with the host's address. */
export interface MasqueradeBackend {
  /** Masquerades what the addresses send to anywhere outside of their networks, but for multicast. */
  add(addresses: readonly CIDR[]): Promise<void>
  /** @param addresses of the attachment; when they are not known, all that can be the attachment's goes */
  remove(addresses: readonly CIDR[] | undefined): Promise<void>
  /** @throws Error naming what is missing */
  check(addresses: readonly CIDR[]): Promise<void>
  /** Removes what containers of this network have left that are not alive. */
  collect(alive: readonly ValidAttachment[]): Promise<void>
}
