import type { CIDR } from '@patchbay/address'
import type { Request } from '@patchbay/cni/plugin'
import type { Batch, Nftables } from '@patchbay/linux/nftables'
import { checkError, remedies } from '../../request/check-error.ts'
import {
  addressesIn,
  checkLayout,
  deleteOwned,
  deleteRules,
  findRecord,
  type IsOurs,
  missingElements,
  ownedBy,
  ownedByGone,
  ownerOf,
  type Place,
  putElements,
  type SharedRuleset,
  withRuleset,
} from '../ruleset/index.ts'
import type { MasqueradeBackend } from './backend.ts'
import { allPlaces, claimsOf, declareMasquerade, placesOf, recordOf, records } from './nftables-rules.ts'

/** Where the reference has its rules, each with the mark of an attachment. */
const referenceChain = { table: { family: 'inet', name: 'cni_plugins_masquerade' }, name: 'masq_checks' } as const

/**
 * Masquerading by nf_tables: addresses of containers are elements of sets, which have a rule each. What the reference
 * has made by nf_tables is removed as well, and counts as there.
 */
export function nftablesMasquerade(request: Request): MasqueradeBackend {
  const isOurs = ownedBy(request)
  return {
    add: (addresses) =>
      withRuleset(request, (nft) => {
        const layout = (batch: Batch) => declareMasquerade(batch, addresses)
        return putElements(nft, [...claimsOf(request, addresses), recordOf(request, addresses)], { layout })
      }),
    remove: (addresses) =>
      withRuleset(request, async (nft) => remove(nft, isOurs, await placesOfAttachment(nft, request, addresses))),
    check: (addresses) => withRuleset(request, (nft) => check(nft, request, addresses)),
    collect: (alive) =>
      withRuleset(request, async (nft) => remove(nft, ownedByGone(request.name, alive), await allPlaces(nft))),
  }
}

/** Versions until 0.1 made no records: then it is where the runtime says, or anywhere. It is anywhere when nobody can read the record. */
async function placesOfAttachment(nft: Nftables, request: Request, addresses?: readonly CIDR[]): Promise<Place[]> {
  const record = await findRecord(nft, records, ownerOf(request))
  const recorded = record && addressesIn(record.words)
  if (recorded) return [...placesOf(recorded), record.place]
  return addresses && !record ? placesOf(addresses) : allPlaces(nft)
}

/** An attachment may have been made by either implementation, and so may what its crashes have left. */
async function remove(nft: SharedRuleset, isOurs: IsOurs, places: readonly Place[]): Promise<void> {
  await deleteOwned(nft, places, isOurs)
  if (await nft.findForeignChain(referenceChain))
    await deleteRules(nft, referenceChain, ({ comment }) => isOurs(comment))
}

async function check(nft: Nftables, request: Request, addresses: readonly CIDR[]): Promise<void> {
  const [missing] = await missingElements(nft, claimsOf(request, addresses))
  if (!missing) return checkLayout(nft, (batch) => declareMasquerade(batch, addresses))
  const isOurs = ownedBy(request)
  const rules = await nft.listRules(referenceChain)
  if (rules.filter(({ comment }) => isOurs(comment)).length >= addresses.length) return
  throw checkError(`element ${missing.key} not found in set inet patchbay ${missing.set}`, remedies.repair)
}
