import { isOwnNamespace } from '@patchbay/linux/netns'
import { native } from '@patchbay/linux/sys'
import { openNamespace } from '../../request/open-namespace.ts'
import { ipVersions } from './ip-versions.ts'
import type { SharedRuleset } from './shared-ruleset.ts'

/** A chain of iptables(8) or ip6tables(8). */
export interface IptablesChain {
  version: 4 | 6
  table: 'nat' | 'filter'
  chain: string
  /** Path of the namespace that `iptables-legacy` is asked about; by default that of this process. */
  hostNetns?: string
}

/**
 * Whether iptables may have a chain: a cheap look before a process is started to remove something from it. What
 * `iptables-nft` has made is in the kernel's nf_tables; of `iptables-legacy`, only whether it is in use is known.
 */
export async function mayHaveIptablesChain(
  nft: SharedRuleset,
  { version, table, chain, hostNetns }: IptablesChain,
): Promise<boolean> {
  const { family } = ipVersions[version]
  if (await nft.findForeignChain({ table: { family, name: table }, name: chain })) return true
  return usesLegacyTable(version, table, hostNetns)
}

/**
 * Whether a namespace has a table of `iptables-legacy`: it stays once somebody has looked at it.
 *
 * @param hostNetns path of the namespace; by default that of this process
 */
export function usesLegacyTable(version: 4 | 6, table: string, hostNetns?: string): boolean {
  return readLegacyTables(version, hostNetns).split('\n').includes(table)
}

/** Without the module there is no such file. */
function readLegacyTables(version: 4 | 6, hostNetns = '/proc/self/ns/net'): string {
  // Under its own number a thread finds the network that it is in; under that of its process, maybe another.
  const path = `/proc/thread-self/net/${version === 4 ? 'ip' : 'ip6'}_tables_names`
  const text = readIn(hostNetns, path)
  return typeof text === 'number' ? '' : text
}

/** The text of a file as a namespace has it; a negative error number when it cannot be read. */
function readIn(netns: string, path: string): string | number {
  if (isOwnNamespace(netns)) return native().readIn(-1, path)
  using other = openNamespace(netns)
  return native().readIn(other.fd, path)
}
