import type { Namespace } from '@patchbay/linux/netns'
import { readSysctl, writeSysctl } from '@patchbay/linux/netns'

const forwardingSysctl = { 4: 'net/ipv4/ip_forward', 6: 'net/ipv6/conf/all/forwarding' } as const

/** Has the kernel forward packets of an IP version, unless it does so already. */
export function ensureForwarding(netns: Namespace, version: 4 | 6): void {
  const name = forwardingSysctl[version]
  if (readSysctl(netns, name) !== '1') writeSysctl(netns, name, '1')
}
