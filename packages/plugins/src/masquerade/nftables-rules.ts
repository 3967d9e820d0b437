import { type CIDR, parseCIDR } from '@patchbay/address'
import {
  type Batch,
  type Chain,
  ip,
  ip6,
  ipv4Addr,
  ipv6Addr,
  masquerade,
  namedMap,
  rule,
  verdict,
} from '@patchbay/linux/nftables'
import { type Attachment, type Claim, claim, inetTable, mark } from '../ruleset/index.ts'

const table = inetTable
const postrouting: Chain = {
  table,
  name: 'masquerade-postrouting',
  base: { type: 'nat', hook: 'postrouting', priority: 'srcnat', policy: 'accept' },
}

/** Addresses of containers, and the chains of their subnets. */
export const map4 = namedMap({ table, name: 'masquerade4', key: ipv4Addr, data: 'verdict' })
export const map6 = namedMap({ table, name: 'masquerade6', key: ipv6Addr, data: 'verdict' })

/** How many rules the chain of a subnet has. */
export const RULES_OF_SUBNET = 1

/** All that elements for these addresses need: constant but for one chain a subnet. */
export function declareMasquerade(batch: Batch, addresses: readonly CIDR[]): void {
  batch.addTable(table)
  batch.addChain(postrouting)
  batch.addSet(map4)
  batch.addSet(map6)
  batch.flushChain(postrouting)
  batch.addRule(rule(postrouting, ip.daddr.is(parseCIDR('224.0.0.0/4')), verdict.return))
  batch.addRule(rule(postrouting, ip6.daddr.is(parseCIDR('ff00::/8')), verdict.return))
  batch.addRule(rule(postrouting, ip.saddr.vmap(map4)))
  batch.addRule(rule(postrouting, ip6.saddr.vmap(map6)))
  for (const address of addresses) declareSubnet(batch, address.masked())
}

/** The chain for all that have addresses of a subnet, in whichever network. */
function declareSubnet(batch: Batch, subnet: CIDR): void {
  const chain = { table, name: chainName(subnet) }
  const daddr = subnet.family === 4 ? ip.daddr : ip6.daddr
  batch.addChain(chain)
  batch.flushChain(chain)
  batch.addRule(rule(chain, daddr.isNot(subnet), masquerade()))
}

/** What an attachment's addresses are to have. */
export function claimsOf(attachment: Attachment, addresses: readonly CIDR[]): Claim[] {
  const comment = mark(attachment)
  const elementsOf = (version: 4 | 6) =>
    addresses
      .filter(({ family }) => family === version)
      .map((address) => ({ key: address.address, data: verdict.goto(chainName(address)), comment }))
  return [claim(map4, elementsOf(4)), claim(map6, elementsOf(6))]
}

/** `masquerade-10.9.0.0/24`; names of chains have no colons. */
function chainName(address: CIDR): string {
  return `masquerade-${String(address.masked()).replaceAll(':', '_')}`
}
