import { type CIDR, parseCIDR, parseIP } from '@patchbay/address'
import { type Batch, type Chain, concat, masquerade, type Nftables, namedSet, rule } from '@patchbay/linux/nftables'
import type { Attachment } from '../../request/attachment.ts'
import {
  addressesIn,
  type Claim,
  claim,
  elementsOf,
  inetTable,
  ipVersions,
  mark,
  ownedBy,
  ownerOf,
  type Place,
  recordClaim,
  recordSet,
  recordsOf,
  sourceNat,
  withFollowers,
} from '../ruleset/index.ts'
import { multicast } from './backend.ts'

const table = inetTable

/** Subnets of one size need one mask, and so one rule: `4-24` for all addresses like 10.9.0.2/24. */
type Size = Pick<CIDR, 'family' | 'prefixLength'>

/** The sets of a size: addresses of containers, and each with the network that its subnet is. */
function setsOf({ family, prefixLength }: Size) {
  const { address } = ipVersions[family]
  const size = `${family}-${prefixLength}`
  return {
    addresses: namedSet({ table, name: `masquerade${size}`, key: address }),
    subnets: namedSet({ table, name: `subnets${size}`, key: [address, address] }),
  }
}

/** Names the addresses of each attachment, as `10.9.0.2/24`. */
export const records = recordSet('masquerade')

/** All that elements for these addresses need. */
export function declareMasquerade(batch: Batch, addresses: readonly CIDR[]): void {
  batch.addTable(table)
  batch.addSet(records)
  for (const address of addresses) declareSize(batch, address)
}

/**
 * A verdict map would need no sets of networks, but the kernel goes through all elements of a map that leads to chains
 * whenever one is added.
 */
function declareSize(batch: Batch, address: CIDR): void {
  const { addresses, subnets } = setsOf(address)
  const { header } = ipVersions[address.family]
  const chain: Chain = {
    table,
    name: addresses.name,
    base: sourceNat,
  }
  const network = concat(header.saddr, header.daddr.and(parseIP(address.mask)))
  batch.addSet(addresses)
  batch.addSet(subnets)
  batch.addChain(chain)
  batch.flushChain(chain)
  batch.addRule(
    rule(
      chain,
      header.saddr.in(addresses),
      header.daddr.isNot(parseCIDR(multicast[address.family])),
      network.notIn(subnets),
      masquerade(),
    ),
  )
}

/** What an attachment's addresses are to have. */
export function claimsOf(attachment: Attachment, all: readonly CIDR[]): Claim[] {
  const comment = mark(attachment)
  return all.flatMap((cidr) => {
    const { addresses, subnets } = setsOf(cidr)
    return [
      claim(addresses, [{ key: cidr.address, comment }]),
      claim(subnets, [{ key: [cidr.address, cidr.network], comment }]),
    ]
  })
}

/** The record of an attachment's addresses. */
export function recordOf(attachment: Attachment, all: readonly CIDR[]): Claim {
  const words = all.map(String)
  const isOurs = ownedBy(attachment)
  return recordClaim(records, ownerOf(attachment), {
    words,
    isOurs,
    placesOf: (former) => placesOf(former.flatMap((word) => addressesIn([word]) ?? [])),
  })
}

/** Where the elements of these addresses are. */
export function placesOf(all: readonly CIDR[]): Place[] {
  return all.map((cidr) => {
    const { addresses, subnets } = setsOf(cidr)
    return withFollowers(elementsOf(addresses, [{ key: cidr.address }]), subnets, [
      { key: [cidr.address, cidr.network] },
    ])
  })
}

/** Where elements of any addresses are, and records of them. */
export async function allPlaces(nft: Nftables): Promise<Place[]> {
  const sizes = (await nft.listSets(table)).map(({ name }) => /^masquerade([46])-(\d+)$/.exec(name) ?? [])
  const places = sizes.flatMap(([, version, length]) => {
    if (version === undefined) return []
    const { addresses, subnets } = setsOf({ family: version === '4' ? 4 : 6, prefixLength: Number(length) })
    return [elementsOf(addresses), elementsOf(subnets)]
  })
  return [...places, recordsOf(records)]
}
