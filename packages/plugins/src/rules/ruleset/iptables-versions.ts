import { type IptablesChain, mayHaveIptablesChain, usesLegacyTable } from './iptables-chain.ts'
import { findRuleset, type HostOfCall } from './open-ruleset.ts'

/**
 * The IP versions that iptables may have a chain of, besides those that are known: for what nobody tells the addresses of any
 * more.
 */
export async function otherVersionsWithChain(
  { hostNetns, shared }: HostOfCall,
  known: readonly (4 | 6)[],
  chain: Pick<IptablesChain, 'table' | 'chain'>,
): Promise<(4 | 6)[]> {
  const unknown = ([4, 6] as const).filter((version) => !known.includes(version))
  if (unknown.length === 0) return []
  using nft = await findRuleset({ hostNetns, shared })
  const found: (4 | 6)[] = []
  for (const version of unknown) {
    const has = nft
      ? await mayHaveIptablesChain(nft, { ...chain, version, hostNetns })
      : usesLegacyTable(version, chain.table, hostNetns)
    if (has) found.push(version)
  }
  return found
}
