import { CIDR, type IP } from '@patchbay/address'
import type { IsOurs } from '../../rules/ruleset/index.ts'
import { type Call, findFirewalld } from './choose-backend.ts'
import { addressesOfOthers } from './remembered-addresses.ts'

interface Owned {
  readonly isOurs: IsOurs
  /** What the attachment is known to have; without, its marks in nf_tables tell. */
  readonly addresses?: readonly CIDR[] | undefined
  /** Whether the kernel has nf_tables, where marks are. */
  readonly hasMarks: boolean
}

/** Takes an owner's addresses out of firewalld's zone, where that runs, but for those that are somebody else's by now. */
export async function removeSources(call: Call, { isOurs, addresses, hasMarks }: Owned): Promise<void> {
  if (!addresses && !hasMarks) return
  const firewalld = await findFirewalld(call)
  if (!firewalld) return
  const known = addresses?.map(({ address }) => address)
  const sources = hasMarks ? await ownSources(call, isOurs, known) : (known ?? [])
  if (sources.length > 0) await firewalld.del(sources.map((address) => CIDR.of(address, address.bits)))
}

async function ownSources({ request }: Call, isOurs: IsOurs, known: readonly IP[] | undefined): Promise<IP[]> {
  const { addressesOwned, withoutTaken } = await import('./nftables-backend.ts')
  if (known) return withoutTaken(request, known)
  const owned = await addressesOwned(request, isOurs)
  if (owned.length === 0) return []
  const used = await addressesOfOthers(isOurs)
  return owned.filter((address) => !used.has(String(address)))
}
