import type { Request } from '@patchbay/cni/plugin'
import { rulesets, type SharedRuleset } from './shared-ruleset.ts'

/** What tells a call's host, and what the call shares with others. */
export type HostOfCall = Pick<Request, 'hostNetns' | 'shared'>

/**
 * The packet filter of a call's host, to be closed by the caller. Calls of one program share a socket, which is kept for a
 * moment after the last of them.
 *
 * @throws SystemError where the kernel has no nf_tables
 */
export function openRuleset({ hostNetns, shared }: HostOfCall): SharedRuleset {
  return rulesets.of(shared).open(hostNetns)
}

/**
 * Does work with the packet filter of a call's host, which is open for so long.
 *
 * @returns what the work gives
 * @throws as {@link openRuleset}, and what the work throws
 */
export async function withRuleset<T>(call: HostOfCall, work: (nft: SharedRuleset) => Promise<T>): Promise<T> {
  using nft = openRuleset(call)
  return await work(nft)
}

/** What a kernel without nf_tables says, and one that does not let this process have it. */
const refusals: readonly unknown[] = [
  ...['EPROTONOSUPPORT', 'ESOCKTNOSUPPORT', 'EAFNOSUPPORT', 'EOPNOTSUPP', 'EINVAL', 'ENOSYS'],
  ...['EPERM', 'EACCES'],
]

/**
 * As {@link openRuleset}.
 *
 * @returns `undefined` where the kernel has no nf_tables, and where it does not let this process have it
 * @throws SystemError and NetlinkError when that could not be found out, for example for lack of memory
 */
export async function findRuleset(call: HostOfCall): Promise<SharedRuleset | undefined> {
  let nft: SharedRuleset | undefined
  try {
    nft = openRuleset(call)
    await nft.getGeneration()
    return nft
  } catch (error) {
    nft?.close()
    if (!(error instanceof Error && 'code' in error && refusals.includes(error.code))) throw error
    return undefined
  }
}

/** Whether the kernel has nf_tables, and lets this process have it. */
export async function hasNftables(call: HostOfCall): Promise<boolean> {
  using nft = await findRuleset(call)
  return nft !== undefined
}
