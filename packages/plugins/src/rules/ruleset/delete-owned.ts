import { isNetlinkError } from '@patchbay/linux/netlink'
import type {
  Batch,
  ElementKey,
  KeyType,
  MapData,
  NamedSet,
  Nftables,
  RuleState,
  TableMember,
} from '@patchbay/linux/nftables'
import { describe, type ElementText } from './claim.ts'
import type { IsOurs } from './mark.ts'

/** Where to look for elements of an owner. */
export interface Place {
  find(nft: Nftables, isOurs: IsOurs): Promise<Found>
}

/** What a place has of an owner. */
export interface Found {
  readonly elements: readonly ElementText[]
  readonly remove: (batch: Batch) => void
}

/** Another process may delete first what has been found. */
const ATTEMPTS = 8

/**
 * Elements of a set or map: those with one of the keys, or where the keys are not known all that it has.
 *
 * With keys it costs a message a key; without, it reads the whole set.
 */
export function elementsOf<K extends KeyType, D extends MapData | undefined>(
  set: NamedSet<K, D>,
  keys?: readonly ElementKey<K>[],
): Place {
  return {
    async find(nft, isOurs) {
      const all = keys ? await findElements(nft, set, keys) : await nft.listElements(set)
      const ours = all.filter(({ comment }) => isOurs(comment))
      return {
        elements: ours.map((element) => describe(set, element)),
        remove: (batch) => batch.deleteElements(set, ours),
      }
    },
  }
}

/**
 * Elements, and those of another set that always come and go with them. These are not asked for unless the kernel has refused to
 * delete them, which it does when somebody has taken one away.
 */
export function withFollowers<K extends KeyType, D extends MapData | undefined>(
  leaders: Place,
  set: NamedSet<K, D>,
  keys: readonly ElementKey<K>[],
): Place {
  let isFirst = true
  return {
    async find(nft, isOurs) {
      const found = await leaders.find(nft, isOurs)
      const isTrusted = isFirst && found.elements.length > 0
      const followers = isFirst ? undefined : await elementsOf(set, keys).find(nft, isOurs)
      isFirst = false
      return {
        elements: [...found.elements, ...(followers?.elements ?? [])],
        remove(batch) {
          found.remove(batch)
          if (isTrusted) batch.deleteElements(set, keys)
          else followers?.remove(batch)
        },
      }
    },
  }
}

/**
 * Deletes what is ours, in one transaction; what is gone already, the whole table included, is fine.
 *
 * @returns what has been deleted
 */
export async function deleteOwned(nft: Nftables, places: readonly Place[], isOurs: IsOurs): Promise<ElementText[]> {
  return untilFound(async () => {
    const found: Found[] = []
    for (const place of places) found.push(await place.find(nft, isOurs))
    const elements = found.flatMap((each) => each.elements)
    if (elements.length > 0)
      await nft.transaction((batch) => {
        for (const { remove } of found) remove(batch)
      })
    return elements
  })
}

/**
 * Deletes the rules of a chain that are ours, in one transaction; a missing chain is fine. Reads the whole chain: for
 * chains that others have made.
 *
 * @param options.chains other chains that go with them, if they are there; one that leads to another before that
 * @returns what has been deleted
 */
export async function deleteRules(
  nft: Nftables,
  chain: TableMember,
  isOurs: (rule: RuleState) => boolean,
  { chains = [] }: { chains?: readonly TableMember[] } = {},
): Promise<RuleState[]> {
  return untilFound(async () => {
    const rules = (await nft.listRules(chain)).filter(isOurs)
    const present = await findChains(nft, chains)
    if (rules.length > 0 || present.length > 0)
      await nft.transaction((batch) => {
        for (const rule of rules) batch.deleteRule(rule)
        for (const each of present) batch.deleteChain(each)
      })
    return rules
  })
}

async function findChains(nft: Nftables, chains: readonly TableMember[]): Promise<TableMember[]> {
  const found: TableMember[] = []
  for (const chain of chains) if (await nft.findChain(chain)) found.push(chain)
  return found
}

async function findElements<K extends KeyType, D extends MapData | undefined>(
  nft: Nftables,
  set: NamedSet<K, D>,
  keys: readonly ElementKey<K>[],
) {
  const found = []
  for (const key of keys) {
    const element = await nft.findElement(set, key)
    if (element) found.push(element)
  }
  return found
}

/** A chain is busy when somebody has led to it since its rules were read. */
async function untilFound<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work()
    } catch (error) {
      if (attempt === ATTEMPTS || !isNetlinkError(error, 'ENOENT', 'EBUSY')) throw error
    }
  }
}
