import { Namespace } from '@patchbay/linux/netns'
import { Nftables } from '@patchbay/linux/nftables'

/**
 * The packet filter of the host, to be closed by the caller.
 *
 * @param hostNetns path of its namespace
 * @throws SystemError where the kernel has no nf_tables
 */
export function openRuleset(hostNetns: string): Nftables {
  using netns = Namespace.open(hostNetns)
  return Nftables.open({ netns })
}

/** Whether the kernel has nf_tables, and lets this process have it. */
export async function hasNftables(hostNetns: string): Promise<boolean> {
  try {
    using nft = openRuleset(hostNetns)
    await nft.getGeneration()
    return true
  } catch {
    return false
  }
}
