import type { RuleState } from '@patchbay/linux/nftables'
import { ipVersions, type SharedRuleset, usesLegacyTable } from '../../rules/ruleset/index.ts'

/** What the `firewall` of the reference and ours make by iptables, and look after by it. */
export const CNI_FORWARD = 'CNI-FORWARD'

/**
 * Whether the host has iptables decide what is forwarded: by a policy, or by rules of others. What those drop, no table
 * but theirs can let through: a packet is forwarded when every table accepts it.
 */
export async function filtersByIptables(
  nft: SharedRuleset,
  { hostNetns, versions }: { hostNetns: string; versions: Iterable<4 | 6> },
): Promise<boolean> {
  for (const version of new Set(versions))
    if (usesLegacyTable(version, 'filter', hostNetns) || (await hasForwardRules(nft, version))) return true
  return false
}

/** Of `iptables-nft`, whose tables are those of the kernel's nf_tables. */
async function hasForwardRules(nft: SharedRuleset, version: 4 | 6): Promise<boolean> {
  const chain = { table: { family: ipVersions[version].family, name: 'filter' }, name: 'FORWARD' } as const
  const state = await nft.findForeignChain(chain)
  if (!state) return false
  if (state.base?.policy === 'drop') return true
  if (state.use === 0) return false
  return !(await nft.listRules(chain)).every((rule) => isJumpTo(rule, CNI_FORWARD))
}

/** Whether a rule leads to a chain, whatever else it says. */
export function isJumpTo({ expressions }: RuleState, chain: string): boolean {
  return expressions.some((expression) => {
    const verdict = expression.kind === 'immediate' ? expression.data?.data?.verdict : undefined
    return verdict?.code === 'jump' && verdict.chain === chain
  })
}
