import type { IP } from '@patchbay/address'
import { type DataType, type Field, ip, ip6, ipv4Addr, ipv6Addr } from '@patchbay/linux/nftables'

/** An IP version in nft syntax. */
export interface IpVersion {
  /** The family of tables that see this version alone. */
  readonly family: 'ip' | 'ip6'
  /** The type of its addresses, as keys and data. */
  readonly address: DataType<IP>
  readonly header: Readonly<Record<'saddr' | 'daddr', Field<IP>>>
}

export const ipVersions: Readonly<Record<4 | 6, IpVersion>> = {
  4: { family: 'ip', address: ipv4Addr, header: ip },
  6: { family: 'ip6', address: ipv6Addr, header: ip6 },
}
