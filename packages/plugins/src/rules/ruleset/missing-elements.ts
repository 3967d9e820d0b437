import type { Nftables } from '@patchbay/linux/nftables'
import type { Claim, ElementText } from './claim.ts'
import { markOf } from './mark.ts'

/** The elements that are not there as they should be: with the same value, and the same owner. */
export async function missingElements(nft: Nftables, claims: readonly Claim[]): Promise<ElementText[]> {
  const missing: ElementText[] = []
  for (const claim of claims) {
    const found = await claim.find(nft)
    missing.push(...claim.elements.filter((element) => !found.some((other) => isSame(element, other))))
  }
  return missing
}

function isSame(a: ElementText, b: ElementText): boolean {
  const [mine, its] = [markOf(a.comment), markOf(b.comment)]
  return a.key === b.key && a.data === b.data && mine?.network === its?.network && mine?.attachment === its?.attachment
}
