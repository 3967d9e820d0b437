import { SharedRuleset } from './shared-ruleset.ts'

/**
 * The packet filter of the host, to be closed by the caller. Callers of one process share a socket, which is kept for a
 * moment after the last of them.
 *
 * @param hostNetns path of its namespace
 * @throws SystemError where the kernel has no nf_tables
 */
export function openRuleset(hostNetns: string): SharedRuleset {
  return SharedRuleset.of(hostNetns)
}

/**
 * Does work with the packet filter of the host, which is open for so long.
 *
 * @returns what the work gives
 * @throws as {@link openRuleset}, and what the work throws
 */
export async function withRuleset<T>(hostNetns: string, work: (nft: SharedRuleset) => Promise<T>): Promise<T> {
  using nft = openRuleset(hostNetns)
  return await work(nft)
}

/**
 * As {@link openRuleset}.
 *
 * @returns `undefined` where the kernel has no nf_tables, and where it does not let this process have it
 */
export async function findRuleset(hostNetns: string): Promise<SharedRuleset | undefined> {
  let nft: SharedRuleset | undefined
  try {
    nft = openRuleset(hostNetns)
    await nft.getGeneration()
    return nft
  } catch {
    nft?.close()
    return undefined
  }
}

/** Whether the kernel has nf_tables, and lets this process have it. */
export async function hasNftables(hostNetns: string): Promise<boolean> {
  using nft = await findRuleset(hostNetns)
  return nft !== undefined
}
