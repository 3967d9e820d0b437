import { NFPROTO } from '../nfnetlink/index.ts'

/** Families of tables as `nft` calls them, `<linux/netfilter.h> NFPROTO_*`. */
const families = {
  ip: NFPROTO.IPV4,
  ip6: NFPROTO.IPV6,
  inet: NFPROTO.INET,
  arp: NFPROTO.ARP,
  bridge: NFPROTO.BRIDGE,
  netdev: NFPROTO.NETDEV,
} as const

/** What packets a table sees: `inet` both versions of IP. */
export type Family = keyof typeof families

export function familyNumber(family: Family): number {
  return families[family]
}

/** @returns `undefined` for a number that is no family of tables */
export function familyName(number: number): Family | undefined {
  for (const [name, value] of Object.entries(families)) if (value === number) return name as Family
  return undefined
}
