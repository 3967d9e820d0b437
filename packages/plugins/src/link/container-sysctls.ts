import { readSysctl, writeSysctl } from '@patchbay/linux/netns'
import type { OpenNetns } from './net-context.ts'

/** Whether duplicates of an interface's IPv6 addresses are looked for before they are used, which takes a second. */
export function detectDuplicates(container: OpenNetns, ifName: string, wanted: boolean): void {
  if (wanted) trySysctl(container, `net/ipv6/conf/${ifName}/enhanced_dad`, '1')
  trySysctl(container, `net/ipv6/conf/${ifName}/accept_dad`, wanted ? '1' : '0')
}

/** `accept_dad` of an interface; `0`, too, where the kernel has no IPv6. */
export function readAcceptDad(container: OpenNetns, ifName: string): string {
  try {
    return readSysctl(container.netns, `net/ipv6/conf/${ifName}/accept_dad`)
  } catch {
    return '0'
  }
}

/** Does `work` while nobody looks for duplicates of the IPv6 addresses that an interface gets meanwhile. */
export async function withoutDad(container: OpenNetns, ifName: string, work: () => Promise<void>): Promise<void> {
  const sysctl = `net/ipv6/conf/${ifName}/accept_dad`
  const before = readAcceptDad(container, ifName)
  trySysctl(container, sysctl, '0')
  try {
    await work()
  } finally {
    trySysctl(container, sysctl, before)
  }
}

/** Has the container send from an address that is still looked for duplicates of, though it has one on another interface. */
export function preferOptimistic(container: OpenNetns, ifName: string): void {
  trySysctl(container, `net/ipv6/conf/${ifName}/use_optimistic`, '1')
}

/** Has the kernel tell an interface's neighbours of its IPv6 addresses when it is set up. */
export function announceIpv6(container: OpenNetns, ifName: string): void {
  trySysctl(container, `net/ipv6/conf/${ifName}/ndisc_notify`, '1')
}

function trySysctl(container: OpenNetns, name: string, value: string): void {
  try {
    writeSysctl(container.netns, name, value)
  } catch {
    // A kernel without IPv6 has no such switch, and nothing to switch.
  }
}
