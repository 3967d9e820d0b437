import { type CIDR, parseCIDR, parseIP } from '@patchbay/address'
import {
  type Batch,
  type Chain,
  concat,
  ct,
  ip,
  type KeyType,
  masquerade,
  type NamedSet,
  type Nftables,
  namedSet,
  rule,
  verdict,
} from '@patchbay/linux/nftables'
import { ipVersions, sourceNat, inetTable as table } from '../../rules/ruleset/index.ts'

/** A set that says which clients of which containers are masqueraded. */
export type ClientSet = NamedSet<KeyType, undefined>

/** Whose clients are masqueraded wherever they come from. */
export const everyClient = { 4: everyClientOf(4), 6: everyClientOf(6) } as const

function everyClientOf(version: 4 | 6) {
  const comment = 'containers whose clients are all masqueraded'
  return namedSet({ table, name: `portmap-every-client${version}`, key: ipVersions[version].address, comment })
}

/** Whose clients are masqueraded when they are the host at its loopback addresses; IPv6 has no way from `::1`. */
export const loopback = namedSet({
  table,
  name: 'portmap-loopback4',
  key: ipVersions[4].address,
  comment: 'containers that the host finds at 127.0.0.1',
})

/** For what holds in all networks. */
export const clientsChain: Chain = { table, name: 'portmap-postrouting', base: sourceNat }

/** Fills {@link clientsChain}, which is there and has no rules. */
export function declareClients(batch: Batch): void {
  for (const set of [loopback, everyClient[4], everyClient[6]]) batch.addSet(set)
  batch.addRule(rule(clientsChain, ct.status.hasNot('dnat'), verdict.return))
  batch.addRule(rule(clientsChain, ip.saddr.is(parseCIDR('127.0.0.0/8')), ip.daddr.in(loopback), masquerade()))
  for (const version of [4, 6] as const)
    batch.addRule(rule(clientsChain, ipVersions[version].header.daddr.in(everyClient[version]), masquerade()))
}

/** Networks of one size need one mask, and so one rule: `4-24` for all addresses like 10.9.0.2/24. */
type Size = Pick<CIDR, 'family' | 'prefixLength'>

/**
 * For clients in the container's own network, whose answers would not come by the host otherwise: the set of containers,
 * each with its network, and the chain.
 */
export function neighboursOf({ family, prefixLength }: Size) {
  const { address } = ipVersions[family]
  const name = `portmap-neighbours${family}-${prefixLength}`
  const comment = 'containers, each with the network whose clients are masqueraded'
  const set = namedSet({ table, name, key: [address, address], comment })
  const chain: Chain = { table, name, base: sourceNat }
  return { set, chain }
}

/** Declares what containers with addresses of this size need. */
export function declareNeighbours(batch: Batch, { family, prefixLength, mask }: CIDR): void {
  const { set, chain } = neighboursOf({ family, prefixLength })
  const { saddr, daddr } = ipVersions[family].header
  batch.addSet(set)
  batch.addChain(chain)
  batch.flushChain(chain)
  const client = concat(daddr, saddr.and(parseIP(mask)))
  batch.addRule(rule(chain, ct.status.has('dnat'), client.in(set), masquerade()))
}

/** All sets of an IP version that there are. */
export async function clientSets(nft: Nftables, version: 4 | 6): Promise<ClientSet[]> {
  const sets: ClientSet[] = version === 4 ? [loopback, everyClient[4]] : [everyClient[6]]
  for (const { name } of await nft.listSets(table)) {
    const [, family, length] = /^portmap-neighbours([46])-(\d+)$/.exec(name) ?? []
    if (family === String(version)) sets.push(neighboursOf({ family: version, prefixLength: Number(length) }).set)
  }
  return sets
}
