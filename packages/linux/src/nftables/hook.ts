import type { Family } from './family.ts'

/** `<linux/netfilter.h> NF_INET_*`; those of bridges have the same numbers, `<linux/netfilter_bridge.h>`. */
const ipHooks = { prerouting: 0, input: 1, forward: 2, output: 3, postrouting: 4, ingress: 5 } as const
/** `<linux/netfilter_arp.h> NF_ARP_*` */
const arpHooks = { input: 0, output: 1, forward: 2 } as const
/** `<linux/netfilter.h> NF_NETDEV_*` */
const netdevHooks = { ingress: 0, egress: 1 } as const

/** Where in a packet's way a chain sees it. */
export type Hook = keyof typeof ipHooks | keyof typeof netdevHooks

function hooksOf(family: Family): Readonly<Record<string, number>> {
  if (family === 'arp') return arpHooks
  return family === 'netdev' ? netdevHooks : ipHooks
}

/** @throws RangeError when the family does not have the hook */
export function hookNumber(hook: Hook, family: Family): number {
  const number = hooksOf(family)[hook]
  if (number === undefined)
    throw new RangeError(`Cannot attach a chain to "${hook}": family "${family}" has no such hook`)
  return number
}

/** @returns `undefined` when tables of that family have no hook of that number */
export function hookName(number: number, family: Family): Hook | undefined {
  for (const [name, value] of Object.entries(hooksOf(family))) if (value === number) return name as Hook
  return undefined
}

/** Names that `nft` has for priorities, `<linux/netfilter_ipv4.h> NF_IP_PRI_*`. */
const priorities = { raw: -300, mangle: -150, dstnat: -100, filter: 0, security: 50, srcnat: 100, out: 100 } as const
/** `<linux/netfilter_bridge.h> NF_BR_PRI_*` */
const bridgePriorities: Readonly<Record<string, number>> = { dstnat: -300, filter: -200, out: 100, srcnat: 300 }

/** A number, or one of the names that `nft` has for some. */
export type Priority = keyof typeof priorities | number

/** @throws RangeError when the family has no priority of that name */
export function priorityNumber(priority: Priority, family: Family): number {
  if (typeof priority === 'number') return priority
  const number = family === 'bridge' ? bridgePriorities[priority] : priorities[priority]
  if (number === undefined) throw new RangeError(`Cannot tell the priority "${priority}": family "${family}" has none`)
  return number
}
