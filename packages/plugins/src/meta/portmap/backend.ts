import type { CIDR } from '@patchbay/address'
import type { ConnectionFilter } from '@patchbay/linux/conntrack'
import type { ValidAttachment } from '../../request/valid-attachments.ts'

/** One way to redirect ports of the host to a container. */
export interface PortmapBackend {
  /**
   * Publishes the mappings at addresses of the container, one of each IP version at most, in place of those that it had
   * before.
   *
   * @param gone keys of holders whose ports it takes back
   * @returns the tracked connections to what the container had before, which the kernel should forget
   * @throws {PortTakenError} when another container has a port
   */
  add(addresses: readonly CIDR[], gone?: ReadonlySet<string>): Promise<readonly ConnectionFilter[]>
  /**
   * Takes back whatever the container has published in this network; there may be nothing.
   *
   * @param versions IP versions of the container's addresses, when they are known
   * @returns the tracked connections to what is gone; none when there was nothing
   */
  remove(versions: readonly (4 | 6)[] | undefined): Promise<readonly ConnectionFilter[]>
  /** @throws Error naming what is missing */
  check(address: CIDR): Promise<void>
  /**
   * Removes what attachments to this network have left that are not alive.
   *
   * @returns as of {@link remove}
   */
  collect(alive: readonly ValidAttachment[]): Promise<readonly ConnectionFilter[]>
}
