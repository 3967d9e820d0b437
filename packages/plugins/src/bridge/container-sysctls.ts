import { writeSysctl } from '@patchbay/linux/netns'
import type { Host } from '../hosts.ts'

/**
 * Prepares a container's interface before it is set up: neighbours are told of its address when it comes up, and its
 * IPv6 addresses are usable at once unless duplicates are to be looked for first.
 */
export function prepareContainer(container: Host, ifName: string, options: { detectDuplicates: boolean }): void {
  if (options.detectDuplicates) set(container, `net/ipv6/conf/${ifName}/enhanced_dad`, '1')
  set(container, `net/ipv6/conf/${ifName}/accept_dad`, options.detectDuplicates ? '1' : '0')
  set(container, `net/ipv4/conf/${ifName}/arp_notify`, '1')
}

function set(container: Host, name: string, value: string): void {
  try {
    writeSysctl(container.netns, name, value)
  } catch {
    // A kernel without IPv6 has no such switch, and nothing to switch.
  }
}
