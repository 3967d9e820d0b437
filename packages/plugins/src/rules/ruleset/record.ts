import { type CIDR, parseCIDR } from '@patchbay/address'
import { COMMENT_BYTES, type ElementKey, mark, type NamedSet, type Nftables, namedSet } from '@patchbay/linux/nftables'
import { type Claim, describe } from './claim.ts'
import type { Found, Place } from './delete-owned.ts'
import { type IsOurs, type Mark, markText } from './mark.ts'
import { inetTable as table } from './table.ts'

/** The hashes of a mark, and the number of the part. */
type Key = readonly [typeof mark, typeof mark, typeof mark, typeof mark, typeof mark]

/** Names what each attachment has in the sets and maps of one use: what it has is found without a look at what others have. */
export type RecordSet = NamedSet<Key, undefined>

/**
 * @param use what the names of the sets begin with
 */
export function recordSet(use: string): RecordSet {
  const comment = 'what each attachment has, by the hashes in its mark'
  return namedSet({ table, name: `${use}-records`, key: [mark, mark, mark, mark, mark], comment })
}

/**
 * What is recorded of an attachment. Whoever saves and restores rules may lose comments, or write others: then it says that
 * there is something, and not what.
 */
export interface Recorded {
  /** An empty one stands for those that are lost. */
  readonly words: readonly string[]
  /** The record itself, whoever is asked for. */
  readonly place: Place
}

/** @returns `undefined` when nothing is recorded */
export async function findRecord(nft: Nftables, set: RecordSet, owner: Mark): Promise<Recorded | undefined> {
  const found = await readParts(nft, set, owner)
  if (found.length === 0) return undefined
  let known: Parts | undefined = found
  const place: Place = {
    async find() {
      const parts = known ?? (await readParts(nft, set, owner))
      // Whoever looks once more does so because something has changed.
      known = undefined
      return inSet(set, parts)
    },
  }
  const isCut = found.at(-1)?.comment?.endsWith(',')
  return { words: isCut ? [...wordsOf(found), ''] : wordsOf(found), place }
}

/** The records of owners; reads all that there are. */
export function recordsOf(set: RecordSet): Place {
  return {
    async find(nft, isOurs) {
      const all = await nft.listElements(set)
      return inSet(
        set,
        all.filter(({ key }) => isOurs(markText(ownerIn(key)))),
      )
    },
  }
}

/** A record that is to be. */
export interface RecordClaim extends Claim {
  /** Words of the record that was there, and that the new one does not have. */
  readonly former: readonly string[]
}

/**
 * Records what an attachment has. What it had by an earlier record, and is not to have any more, goes in the same transaction.
 *
 * @param options.placesOf where the elements are that words of the earlier record name
 */
export function recordClaim(
  set: RecordSet,
  owner: Mark,
  {
    words,
    isOurs,
    placesOf,
  }: {
    words: readonly string[]
    isOurs: IsOurs
    placesOf: (former: readonly string[], all: readonly string[]) => Place[]
  },
): RecordClaim {
  let present: Parts = []
  let former: readonly string[] = []
  let stale: Found[] = []
  return {
    elements: [],
    get former() {
      return former
    },
    fill(batch) {
      for (const { remove } of stale) remove(batch)
      batch.deleteElements(set, present)
      batch.createElements(set, recordElements(owner, words))
    },
    async find(nft) {
      present = await readParts(nft, set, owner)
      const all = wordsOf(present)
      former = all.filter((word) => !words.includes(word))
      stale = []
      for (const place of placesOf(former, all)) stale.push(await place.find(nft, isOurs))
      return []
    },
  }
}

/** The elements of a record: as many as its words need, each but the last with a comma at its end. */
export function recordElements(owner: Mark, words: readonly string[]): Part[] {
  const parts: string[] = []
  for (const word of words) {
    const longer = parts.length === 0 ? word : `${parts[parts.length - 1]}, ${word}`
    if (parts.length > 0 && Buffer.byteLength(longer) < COMMENT_BYTES) parts[parts.length - 1] = longer
    else parts.push(word)
  }
  return parts.map((text, part) => ({
    key: keyOf(owner, part),
    comment: part === parts.length - 1 ? text : `${text},`,
  }))
}

/** An element of a record. */
export interface Part extends ElementKey<Key> {
  readonly comment?: string | undefined
}

type Parts = readonly Part[]

async function readParts(nft: Nftables, set: RecordSet, owner: Mark): Promise<Parts> {
  const parts: Part[] = []
  for (let isMore = true; isMore; ) {
    const part = await nft.findElement(set, { key: keyOf(owner, parts.length) })
    if (part) parts.push(part)
    isMore = part?.comment?.endsWith(',') ?? false
  }
  return parts
}

/** The words of all parts. */
export function wordsOf(parts: Parts): string[] {
  return parts.flatMap(({ comment = '' }) => comment.replace(/,$/, '').split(', '))
}

/** The addresses that words name; `undefined` when one of them names none. */
export function addressesIn(words: readonly string[]): CIDR[] | undefined {
  try {
    return words.map(parseCIDR)
  } catch {
    return undefined
  }
}

function inSet(set: RecordSet, parts: Parts): Found {
  return {
    elements: parts.map((part) => describe(set, part)),
    remove: (batch) => batch.deleteElements(set, parts),
  }
}

function keyOf({ network, attachment }: Mark, part: number): Part['key'] {
  const half = (hash: string, at: number) => Number.parseInt(hash.slice(at, at + 8), 16)
  return [half(network, 0), half(network, 8), half(attachment, 0), half(attachment, 8), part]
}

/** Whose a part is. */
export function ownerIn([a, b, c, d]: Part['key']): Mark {
  const hash = (high: number, low: number) => [high, low].map((half) => half.toString(16).padStart(8, '0')).join('')
  return { network: hash(a, b), attachment: hash(c, d) }
}
