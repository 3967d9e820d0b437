import { writeSysctl } from '@patchbay/linux/netns'
import type { Host } from './hosts.ts'

/** Whether duplicates of an interface's IPv6 addresses are looked for before they are used, which takes a second. */
export function detectDuplicates(container: Host, ifName: string, wanted: boolean): void {
  if (wanted) trySysctl(container, `net/ipv6/conf/${ifName}/enhanced_dad`, '1')
  trySysctl(container, `net/ipv6/conf/${ifName}/accept_dad`, wanted ? '1' : '0')
}

/** Has the kernel tell an interface's neighbours of its IPv6 addresses when it is set up. */
export function announceIpv6(container: Host, ifName: string): void {
  trySysctl(container, `net/ipv6/conf/${ifName}/ndisc_notify`, '1')
}

function trySysctl(container: Host, name: string, value: string): void {
  try {
    writeSysctl(container.netns, name, value)
  } catch {
    // A kernel without IPv6 has no such switch, and nothing to switch.
  }
}
