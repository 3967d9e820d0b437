import { runAll } from '../../request/run-all.ts'
import { withRulesLocked } from './rules-lock.ts'
import { type Caller, uncut } from './run-tool.ts'

/** The IP versions of addresses, each once, 4 first. */
export function versionsOf(addresses: Iterable<{ readonly family: 4 | 6 }>): (4 | 6)[] {
  const present = new Set([...addresses].map(({ family }) => family))
  return ([4, 6] as const).filter((version) => present.has(version))
}

/**
 * Changes the rules of several IP versions, one after the other, while no other call of ours does: the tools of both work
 * on the same, and start over when another has changed it meanwhile.
 */
export async function changeEachVersion(
  caller: Caller,
  versions: readonly (4 | 6)[],
  change: (version: 4 | 6) => Promise<void>,
): Promise<void> {
  if (versions.length === 0) return
  await withRulesLocked(caller, async () => {
    for (const version of versions) await change(version)
  })
}

/** As {@link changeEachVersion}, but neither one that fails nor the end of the call keeps another from being cleaned up. */
export async function cleanEachVersion(
  caller: Caller,
  versions: readonly (4 | 6)[],
  clean: (version: 4 | 6) => Promise<void>,
): Promise<void> {
  if (versions.length === 0) return
  await withRulesLocked(uncut(caller), () => runAll(...versions.map((version) => () => clean(version))))
}
