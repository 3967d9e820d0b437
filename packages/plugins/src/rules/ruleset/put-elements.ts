import { isNetlinkError } from '@patchbay/linux/netlink'
import type { Batch, Nftables } from '@patchbay/linux/nftables'
import type { Claim, ElementText } from './claim.ts'

/** Others may get between a look and what follows from it; more often than this they do not. */
const ATTEMPTS = 8

/** What to do when the first, small transaction does not go through. */
export interface PutOptions {
  /**
   * Declares all that the elements need, from the table on: sent before them, in one transaction, when something is
   * missing (the first use, or somebody has flushed the rules), and when elements are there already. It must leave alone what is there already.
   */
  layout: (batch: Batch) => void
  /** Sees the elements that have the same keys; throws to leave them to their owners. By default they are replaced. */
  onTaken?: (taken: readonly ElementText[]) => void
}

/**
 * Puts elements in. Where everything is as usual that is one transaction of the elements alone, whatever else there is.
 *
 * @throws NetlinkError, and what `onTaken` throws; then nothing has changed
 */
export async function putElements(nft: Nftables, claims: readonly Claim[], options: PutOptions): Promise<void> {
  let withLayout = false
  for (let attempt = 1; ; attempt++) {
    try {
      await nft.transaction((batch) => {
        if (withLayout) options.layout(batch)
        for (const claim of claims) claim.fill(batch)
      })
      return
    } catch (error) {
      if (attempt === ATTEMPTS || !isNetlinkError(error, 'ENOENT', 'EEXIST')) throw error
      // Who adds what is there already may do so because rules are not.
      if (error.code === 'EEXIST' || withLayout) await look(nft, claims, options)
      withLayout = true
    }
  }
}

async function look(nft: Nftables, claims: readonly Claim[], { onTaken }: PutOptions): Promise<void> {
  const taken: ElementText[] = []
  for (const claim of claims) taken.push(...(await claim.find(nft)))
  if (taken.length > 0) onTaken?.(taken)
}
