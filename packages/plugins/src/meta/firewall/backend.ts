import type { CIDR, IP } from '@patchbay/address'
import type { Request } from '@patchbay/cni/plugin'

/** One way to have the host forward packets from and to containers. */
export interface FirewallBackend {
  add(addresses: readonly CIDR[]): Promise<void>
  /** There may be nothing. */
  del(addresses: readonly CIDR[]): Promise<void>
  /** @throws Error naming what is missing */
  check(addresses: readonly CIDR[]): Promise<void>
}

/** A backend that an ADD asks after others. */
export interface ChosenBackend extends Omit<FirewallBackend, 'add'> {
  /**
   * @param former what earlier backends have given
   * @returns addresses that an earlier ADD of the attachment was about, and this one is not
   */
  add(addresses: readonly CIDR[], former: readonly IP[]): Promise<readonly IP[]>
}

/**
 * Gives the backend for firewalld where that runs.
 *
 * @param options.zone the zone for the containers' addresses
 * @param options.required asked for by name: where it does not run, fail
 * @returns `undefined` when it does not run
 */
export type FindFirewalld = (
  request: Request,
  options: { zone: string; required: boolean },
) => Promise<FirewallBackend | undefined>
