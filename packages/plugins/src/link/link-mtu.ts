import type { CIDR } from '@patchbay/address'
import { CniError } from '@patchbay/cni/types'

/** Least and most of a virtual Ethernet: `<linux/if_ether.h>` ETH_MIN_MTU, ETH_MAX_MTU. */
const [MIN_MTU, MAX_MTU] = [68, 65_535]

/** What a link needs to carry IPv6 at all (RFC 8200 §5); the kernel has no IPv6 on one with less. */
export const MIN_MTU_OF_IPV6 = 1280

/**
 * Checks the MTU of a pair that is to be made; 0 and below leave it to the kernel, as with the reference.
 *
 * @throws {CniError} 999 `failed to make veth pair: invalid argument`, as the reference says, with the key and the range in
 *   the details
 */
export function checkMtu(mtu: number): void {
  if (mtu <= 0 || (mtu >= MIN_MTU && mtu <= MAX_MTU)) return
  const details = `MTU ${mtu} (key "mtu") is not from ${MIN_MTU} to ${MAX_MTU}`
  throw new CniError('internal', 'failed to make veth pair: invalid argument', { details })
}

/** The MTU of a link. */
export interface LinkMtu {
  /** 0 and below when it is the kernel's choice. */
  readonly bytes: number
  /** Where the number comes from, for errors: `that of master "lan0"`. */
  readonly from: string
}

/** The MTU that a configuration says. */
export function configuredMtu(bytes: number): LinkMtu {
  return { bytes, from: 'key "mtu"' }
}

/** Whether a link with that MTU cannot carry IPv6; one that is the kernel's choice can. */
export function isTooSmallForIpv6(mtu: number): boolean {
  return mtu > 0 && mtu < MIN_MTU_OF_IPV6
}

/**
 * Checks that addresses can be used on a link.
 *
 * @throws {CniError} 7 `Cannot use address fd00::2/64 on "eth0": IPv6 needs an MTU of 1280, and it is 1279 (key "mtu")`
 */
export function checkMtuForAddresses(name: string, { bytes, from }: LinkMtu, addresses: readonly CIDR[]): void {
  const address = isTooSmallForIpv6(bytes) ? addresses.find(({ family }) => family === 6) : undefined
  if (address === undefined) return
  throw new CniError(
    'invalidNetworkConfig',
    `Cannot use address ${address} on "${name}": IPv6 needs an MTU of ${MIN_MTU_OF_IPV6}, and it is ${bytes} (${from})`,
  )
}
