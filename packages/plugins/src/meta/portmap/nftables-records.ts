import { createHash } from 'node:crypto'
import type { CIDR } from '@patchbay/address'
import type { Batch } from '@patchbay/linux/nftables'
import {
  addressesIn,
  type Mark,
  markOf,
  markText,
  ownerIn,
  type Part,
  recordElements,
  wordsOf,
} from '../../rules/ruleset/index.ts'
import { type PortMappings, UNKNOWN } from './nftables-elements.ts'
import { records } from './nftables-layout.ts'
import type { Container } from './nftables-plan.ts'

/** What is published of an attachment at one address. */
interface Published {
  /** The address, with the length of its network's prefix. */
  readonly address: string
  readonly hash: number
}

/** What a record says of these mappings of one attachment: `hash 1a2b3c4d, 10.9.0.2/24`. */
export function wordsFor(allMappings: readonly PortMappings[]): string[] {
  return wordsOfAll(allMappings.map(({ address, hash }) => ({ address: String(address), hash })))
}

/** Without a hash, what to take back is in the maps. */
function wordsOfAll(all: readonly Published[]): string[] {
  const hashes = all.map(({ hash }) => hash)
  const sum = createHash('sha512').update(hashes.join()).digest('hex').slice(0, 8)
  return [...(hashes.includes(UNKNOWN) ? [] : [`${HASH}${sum}`]), ...all.map(({ address }) => address)]
}

const HASH = 'hash '

/** The addresses that a record names; `undefined` when nobody can read it. */
export function recordedIn(words: readonly string[]): CIDR[] | undefined {
  return addressesIn(words.filter((word) => !word.startsWith(HASH)))
}

/** Records mappings of one attachment. */
export function fillRecord(batch: Batch, allMappings: readonly PortMappings[]): void {
  const owner = markOf(allMappings[0]?.comment)
  if (owner) batch.createElements(records, recordElements(owner, wordsFor(allMappings)))
}

/** What becomes of records. */
export interface RecordChange {
  readonly outdated: readonly Part[]
  readonly updated: readonly Part[]
}

/**
 * Has records say what will be published.
 *
 * @param options.present all records
 * @param options.containers all that will be in `containers`, of both IP versions
 * @param options.allMappings what is new in it
 */
export function planRecords({
  present,
  containers,
  allMappings,
}: {
  present: readonly Part[]
  containers: readonly Container[]
  allMappings: readonly PortMappings[]
}): RecordChange {
  const containersOf = byOwner(containers, ({ comment }) => markOf(comment))
  const added = byOwner(allMappings, ({ comment }) => markOf(comment))
  const recorded = byOwner(present, ({ key }) => ownerIn(key))
  const change: { outdated: Part[]; updated: Part[] } = { outdated: [], updated: [] }
  for (const [text, owner] of new Map([...recorded.owners, ...added.owners])) {
    const before = recorded.get(text)
    const published = containersOf.get(text)
    const addresses = [...added.get(text).map(({ address }) => address), ...(recordedIn(wordsOf(before)) ?? [])]
    const named = published.flatMap(({ key, data }) => {
      const address = addresses.find((each) => each.address.equals(key))
      return address ? [{ address: String(address), hash: data }] : []
    })
    // A record that is damaged has DEL look everywhere, and stays so.
    if (named.length < published.length) continue
    const parts = published.length === 0 ? [] : recordElements(owner, wordsOfAll(named))
    if (parts.length === before.length && textOf(parts) === textOf(before)) continue
    change.outdated.push(...before)
    change.updated.push(...parts)
  }
  return change
}

function textOf(parts: readonly Part[]): string {
  return wordsOf(parts).join()
}

function byOwner<T>(all: readonly T[], ownerOf: (each: T) => Mark | undefined) {
  const owners = new Map<string, Mark>()
  const groups = new Map<string, T[]>()
  for (const each of all) {
    const owner = ownerOf(each)
    if (!owner) continue
    const text = markText(owner)
    owners.set(text, owner)
    groups.set(text, [...(groups.get(text) ?? []), each])
  }
  return { owners, get: (text: string): readonly T[] => groups.get(text) ?? [] }
}
