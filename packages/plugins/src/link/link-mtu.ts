import { CniError, type IPConfig } from '@patchbay/cni/types'

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

/**
 * Checks that addresses can be used on a link.
 *
 * @param mtu 0 and below when it is the kernel's choice
 * @throws {CniError} 7 `Cannot use address fd00::2/64 on "eth0": IPv6 needs an MTU of 1280, and it is 1279 (key "mtu")`
 */
export function checkMtuForAddresses(link: { name: string; mtu: number }, ips: readonly IPConfig[]): void {
  if (link.mtu <= 0 || link.mtu >= MIN_MTU_OF_IPV6) return
  const ip = ips.find(({ address }) => address.family === 6)
  if (!ip) return
  throw new CniError(
    'invalidNetworkConfig',
    `Cannot use address ${ip.address} on "${link.name}": IPv6 needs an MTU of ${MIN_MTU_OF_IPV6}, and it is ${link.mtu} (key "mtu")`,
  )
}
