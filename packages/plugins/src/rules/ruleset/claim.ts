import type { Batch, ElementKey, KeyType, MapData, NamedSet, NewElement, Nftables } from '@patchbay/linux/nftables'

/** An element as text, human-readable, that can be compared. */
export interface ElementText {
  /** The set or map that it is in. */
  readonly set: string
  /** `10.9.0.2`, `tcp . 8080` */
  readonly key: string
  /** Empty for a set: `10.9.0.2 . 80`, `goto web` */
  readonly data: string
  readonly comment: string | undefined
}

/** Elements that are to be in one set. */
export interface Claim {
  readonly elements: readonly ElementText[]
  /** Adds them, in the place of those that the last {@link find} found. */
  fill(batch: Batch): void
  /** What the keys have now; asks for each of them, never for all that the set has. */
  find(nft: Nftables): Promise<ElementText[]>
}

/** What is to be in a set. Each element's comment is the mark of its owner. */
export function claim<K extends KeyType, D extends MapData | undefined>(
  set: NamedSet<K, D>,
  elements: readonly NewElement<K, D>[],
): Claim {
  let present: readonly ElementKey<K>[] = []
  return {
    elements: elements.map((element) => describe(set, element)),
    fill(batch) {
      if (present.length > 0) batch.deleteElements(set, present)
      batch.createElements(set, elements)
    },
    async find(nft) {
      const found = []
      for (const element of elements) {
        const there = await nft.findElement(set, element)
        if (there) found.push(there)
      }
      present = found
      return found.map((element) => describe(set, element))
    },
  }
}

/** Any element in words. */
export function describe(
  set: { name: string },
  element: { key: unknown; end?: unknown; data?: unknown; comment?: string | undefined },
): ElementText {
  const { key, end, data, comment } = element
  const keys = end === undefined ? inWords(key) : `${inWords(key)}-${inWords(end)}`
  return { set: set.name, key: keys, data: inWords(data), comment }
}

/** In nft syntax. */
function inWords(value: unknown): string {
  if (value === undefined) return ''
  if (Array.isArray(value)) return value.map(inWords).join(' . ')
  if (typeof value === 'object' && value !== null && 'code' in value)
    return 'chain' in value ? `${value.code} ${value.chain}` : String(value.code)
  return String(value)
}
