import { CIDR, type IP } from '@patchbay/address'
import type { Request } from '@patchbay/cni/plugin'
import { type IsOurs, ownedBy, type Recorded } from '../../rules/ruleset/index.ts'
import type { FirewallBackend } from './backend.ts'
import { type Call, findFirewalld } from './call.ts'
import { addressesOfOthers } from './remembered-addresses.ts'

interface Owned {
  readonly isOurs: IsOurs
  /** What the runtime says that the attachment has. */
  readonly addresses?: readonly CIDR[] | undefined
  /** What is recorded of it in nf_tables. Without either, its marks there tell. */
  readonly record?: Recorded | undefined
  /** Whether the kernel has nf_tables, where marks are. */
  readonly hasMarks: boolean
}

/** Takes an owner's addresses out of firewalld's zone, where that runs, but for those that are somebody else's by now. */
export async function removeSources(call: Call, owned: Owned): Promise<void> {
  const { addresses, hasMarks } = owned
  if (!addresses && !hasMarks) return
  const firewalld = await findFirewalld(call)
  if (!firewalld) return
  const told = addresses?.map(({ address }) => address)
  await removeAddresses(firewalld, hasMarks ? await ownSources(call, owned, told) : (told ?? []))
}

/** Takes addresses out of the zone that an earlier ADD of the attachment has put there. */
export async function removeFormer(request: Request, firewalld: FirewallBackend, former: readonly IP[]): Promise<void> {
  await removeAddresses(firewalld, await unused(request, ownedBy(request), former))
}

async function removeAddresses(firewalld: FirewallBackend, all: readonly IP[]): Promise<void> {
  if (all.length > 0) await firewalld.del(all.map((address) => CIDR.of(address, address.bits)))
}

async function ownSources(
  { request }: Call,
  { isOurs, record }: Owned,
  told: readonly IP[] | undefined,
): Promise<IP[]> {
  const { addressesOwned, withoutTaken } = await import('./nftables-backend.ts')
  const { isReadable, ownedIn } = await import('./nftables-record.ts')
  const marked = async () => {
    if (record && isReadable(record.words)) return ownedIn(record.words).addresses
    return told && !record ? [] : addressesOwned(request, isOurs)
  }
  const untold = (await marked()).filter((address) => !told?.some((other) => other.equals(address)))
  return [...(await withoutTaken(request, told ?? [])), ...(await unused(request, isOurs, untold))]
}

/** Those that are nobody else's by now, which the runtime's word for its own containers makes certain of others. */
async function unused(request: Request, isOurs: IsOurs, addresses: readonly IP[]): Promise<IP[]> {
  if (addresses.length === 0) return []
  const { withoutTaken } = await import('./nftables-backend.ts')
  const used = await addressesOfOthers(isOurs)
  return (await withoutTaken(request, addresses, isOurs)).filter((address) => !used.has(String(address)))
}
