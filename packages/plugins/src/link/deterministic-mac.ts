import { type IP, MAC } from '@patchbay/address'
import type { IPConfig } from '@patchbay/cni/types'
import { IFF, type LinkSummary } from '@patchbay/linux/route'

/**
 * The hardware address that goes with an IP address: `0a:58` and the four bytes of an IPv4 address, or the first four
 * of SHA-256 over the sixteen bytes of an IPv6 address. A container that gets an address another one had before is
 * then reached at once by peers that still know the old one. `0a` marks it as administered locally.
 */
export async function deterministicMac(ip: IP): Promise<MAC> {
  const tail = ip.family === 4 ? ip.bytes : (await sha256(ip.bytes)).subarray(0, 4)
  return MAC.fromBytes(new Uint8Array([0x0a, 0x58, ...tail]))
}

/** The address whose MAC an interface gets: its first IPv4 address, or its first at all. */
export function macSource(ips: readonly IP[]): IP | undefined {
  return ips.find((ip) => ip.family === 4) ?? ips[0]
}

/** What decides whether a container's interface gets the hardware address of its IP address. */
export interface MacPolicy {
  /** `deterministicMac` of the configuration. */
  deterministicMac: boolean
  /** Whether a hardware address was asked for, which then stays. */
  requested: boolean
}

/**
 * The hardware address to give a container's interface once its addresses are allocated; `undefined` when it keeps the one
 * it has: one that was asked for, or one that the IPAM plugin used on the link to get its lease.
 */
export async function macForContainer(
  { flags }: Pick<LinkSummary, 'flags'>,
  { ips, deterministicMac: wanted, requested }: MacPolicy & { ips: readonly IPConfig[] },
): Promise<MAC | undefined> {
  const source = macSource(ips.map(({ address }) => address.address))
  if (!wanted || requested || !source) return undefined
  return flags & IFF.UP ? undefined : deterministicMac(source)
}

async function sha256(bytes: Uint8Array): Promise<Uint8Array> {
  const { createHash } = await import('node:crypto')
  return createHash('sha256').update(bytes).digest()
}
