import { type IptablesChain, mayHaveIptablesChain, usesLegacyTable } from './iptables-chain.ts'
import { findRuleset } from './open-ruleset.ts'

/**
 * The IP versions that iptables may have a chain of, besides those that are known: for what nobody tells the addresses of any
 * more.
 */
export async function otherVersionsWithChain(
  known: readonly (4 | 6)[],
  chain: Required<Omit<IptablesChain, 'version'>>,
): Promise<(4 | 6)[]> {
  const unknown = ([4, 6] as const).filter((version) => !known.includes(version))
  if (unknown.length === 0) return []
  using nft = await findRuleset(chain.hostNetns)
  const found: (4 | 6)[] = []
  for (const version of unknown) {
    const has = nft
      ? await mayHaveIptablesChain(nft, { ...chain, version })
      : usesLegacyTable(version, chain.table, chain.hostNetns)
    if (has) found.push(version)
  }
  return found
}
