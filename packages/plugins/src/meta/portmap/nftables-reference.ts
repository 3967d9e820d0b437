import type { CIDR } from '@patchbay/address'
import type { RuleState } from '@patchbay/linux/nftables'
import { deleteRules, ipVersions, type SharedRuleset } from '../../rules/ruleset/index.ts'

/** Chains of the reference that have rules of containers. */
const chains = ['hostports', 'hostip_hostports', 'masquerading'] as const

/**
 * Removes what the reference has published by nf_tables for a container. Its rules tell the container and not the network:
 * where the addresses are known, only those go that lead to them.
 *
 * @returns what has been deleted
 */
export async function removeReferenceRules(
  nft: SharedRuleset,
  containerId: string,
  addresses: readonly CIDR[],
): Promise<RuleState[]> {
  const deleted: RuleState[] = []
  for (const version of [4, 6] as const) {
    const table = { family: ipVersions[version].family, name: 'cni_hostport' } as const
    if (!(await nft.findForeignTable(table))) continue
    const own = addresses.filter(({ family }) => family === version).map(({ address }) => address.bytes)
    const isOurs = (rule: RuleState) =>
      rule.comment === containerId && (addresses.length === 0 || own.some((bytes) => mentions(rule, bytes)))
    for (const name of chains) deleted.push(...(await deleteRules(nft, { table, name }, isOurs)))
  }
  return deleted
}

/** Whether a rule compares something with an address, or sends packets there. */
function mentions({ expressions }: RuleState, address: Uint8Array): boolean {
  return expressions.some((each) => {
    const value = each.kind === 'cmp' || each.kind === 'immediate' ? each.data?.data?.value : undefined
    return value !== undefined && Buffer.compare(value, address) === 0
  })
}
