import type { CIDR } from '@patchbay/address'
import type { ValidAttachment } from '../valid-attachments.ts'

/** One way to redirect ports of the host to a container. */
export interface PortmapBackend {
  /**
   * Publishes the mappings at addresses of the container, one of each IP version at most, in place of those that it had
   * before.
   *
   * @throws Error naming the container that has a port already
   */
  add(addresses: readonly CIDR[]): Promise<void>
  /**
   * Takes back whatever the container has published in this network; there may be nothing.
   *
   * @param versions IP versions of the container's addresses, when they are known
   */
  remove(versions: readonly (4 | 6)[] | undefined): Promise<void>
  /** @throws Error naming what is missing */
  check(address: CIDR): Promise<void>
  /** Removes what attachments to this network have left that are not alive. */
  collect(alive: readonly ValidAttachment[]): Promise<void>
}
