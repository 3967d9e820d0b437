import { readSysctl, writeSysctl } from '@patchbay/linux/netns'
import { keepRouterAdvertisements } from './host-ipv6.ts'
import type { OpenNetns } from './net-context.ts'

/** The switches that have the kernel forward packets, by IP version. */
export const forwardingSysctl = { 4: 'net/ipv4/ip_forward', 6: 'net/ipv6/conf/all/forwarding' } as const

/**
 * Has the kernel forward packets of an IP version. Where it does so already, nothing is written: that would overwrite what
 * single links are set to.
 */
export async function ensureForwarding(host: OpenNetns, version: 4 | 6): Promise<void> {
  const name = forwardingSysctl[version]
  if (readSysctl(host.netns, name) !== '0') return
  if (version === 6) await keepRouterAdvertisements(host)
  writeSysctl(host.netns, name, '1')
}
