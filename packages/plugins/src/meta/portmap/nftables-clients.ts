import { type CIDR, type IP, parseCIDR, parseIP } from '@patchbay/address'
import {
  type Batch,
  type Chain,
  concat,
  ct,
  type DataType,
  type Field,
  ip,
  ip6,
  ipv4Addr,
  ipv6Addr,
  type KeyType,
  masquerade,
  type NamedSet,
  type Nftables,
  namedSet,
  rule,
  verdict,
} from '@patchbay/linux/nftables'
import { inetTable as table } from '../../rules/ruleset/index.ts'

/** A set that says which clients of which containers are masqueraded. */
export type ClientSet = NamedSet<KeyType, undefined>

/** What the addresses of one IP version are, by `nft`'s words. */
interface Version {
  readonly type: DataType<IP>
  readonly header: Readonly<Record<'saddr' | 'daddr', Field<IP>>>
}

const versions: Readonly<Record<4 | 6, Version>> = {
  4: { type: ipv4Addr, header: ip },
  6: { type: ipv6Addr, header: ip6 },
}

/** Whose clients are masqueraded wherever they come from. */
export const everyClient = { 4: everyClientOf(4), 6: everyClientOf(6) } as const

function everyClientOf(version: 4 | 6) {
  const comment = 'containers whose clients are all masqueraded'
  return namedSet({ table, name: `portmap-every-client${version}`, key: versions[version].type, comment })
}

/** Whose clients are masqueraded when they are the host at its loopback addresses; IPv6 has no way from `::1`. */
export const loopback = namedSet({
  table,
  name: 'portmap-loopback4',
  key: ipv4Addr,
  comment: 'containers that the host finds at 127.0.0.1',
})

const base = { type: 'nat', hook: 'postrouting', priority: 'srcnat' } as const satisfies Chain['base']
const postrouting: Chain = { table, name: 'portmap-postrouting', base }

/** The chain for what holds in all networks, and how many rules it has. */
export const clientsChain = { chain: postrouting, rules: 4 } as const

/** Fills {@link clientsChain}, which is there and has no rules. */
export function declareClients(batch: Batch): void {
  for (const set of [loopback, everyClient[4], everyClient[6]]) batch.addSet(set)
  batch.addRule(rule(postrouting, ct.status.hasNot('dnat'), verdict.return))
  batch.addRule(rule(postrouting, ip.saddr.is(parseCIDR('127.0.0.0/8')), ip.daddr.in(loopback), masquerade()))
  for (const version of [4, 6] as const)
    batch.addRule(rule(postrouting, versions[version].header.daddr.in(everyClient[version]), masquerade()))
}

/** Networks of one size need one mask, and so one rule: `4-24` for all addresses like 10.9.0.2/24. */
type Size = Pick<CIDR, 'family' | 'prefixLength'>

/**
 * For clients in the container's own network, whose answers would not come by the host otherwise: the set of containers,
 * each with its network, and the chain.
 */
export function neighboursOf({ family, prefixLength }: Size) {
  const { type } = versions[family]
  const name = `portmap-neighbours${family}-${prefixLength}`
  const comment = 'containers, each with the network whose clients are masqueraded'
  const set = namedSet({ table, name, key: [type, type], comment })
  const chain: Chain = { table, name, base }
  return { set, chain, rules: 1 }
}

/** Declares what containers with addresses of this size need. */
export function declareNeighbours(batch: Batch, { family, prefixLength, mask }: CIDR): void {
  const { set, chain } = neighboursOf({ family, prefixLength })
  const { saddr, daddr } = versions[family].header
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
