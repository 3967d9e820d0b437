import type { CIDR } from '@patchbay/address'
import {
  byEither,
  findRuleset,
  hasNftables,
  mayHaveIptablesChain,
  type Recorded,
  type SharedRuleset,
} from '../../rules/ruleset/index.ts'
import type { ChosenBackend, FirewallBackend } from './backend.ts'
import { type Call, findFirewalld, isOurs, type OurBackend } from './call.ts'
import { CNI_FORWARD, filtersByIptables } from './host-filter.ts'
import type { IptablesFirewall } from './iptables-backend.ts'
import { type BridgePolicy, portsOf } from './isolation.ts'
import type { NftablesFirewall } from './nftables-backend.ts'
import { PUBLISHED } from './published-addresses.ts'

interface Asked extends Call {
  readonly addresses: readonly CIDR[]
  readonly policy: BridgePolicy | undefined
}

/**
 * The backends that have a container's packets forwarded and, with a policy, keep its network apart: all of them are
 * needed.
 */
export async function chooseBackends(asked: Asked): Promise<ChosenBackend[]> {
  const { config, policy } = asked
  const firewalld = await findFirewalld(asked)
  if (firewalld) return [...(await besideFirewalld(asked)), sourcesOf(asked, firewalld)]
  const { backend } = config
  if (isOurs(backend)) return [await (backend === 'nftables' ? loadNftables : loadIptables)(asked, policy)]
  const names = await suitableBackends(asked)
  return Promise.all(
    names.map((name) =>
      name === 'nftables' ? nftablesOr(asked, () => loadIptables(asked, policy)) : loadIptables(asked, policy),
    ),
  )
}

/** nf_tables, and another one where the kernel lacks what the rules need. */
async function nftablesOr(asked: Asked, other: () => Promise<ChosenBackend>): Promise<ChosenBackend> {
  const nftables: ChosenBackend = await loadNftables(asked, asked.policy)
  let used = nftables
  const load = async () => {
    used = await other()
    return used
  }
  return {
    add: (addresses, former) => byEither(nftables, { other: load, add: (backend) => backend.add(addresses, former) }),
    del: (addresses) => used.del(addresses),
    check: (addresses) => nftables.check(addresses),
  }
}

/** Sources of the zone, also those that an earlier ADD has left. */
function sourcesOf({ request }: Asked, firewalld: FirewallBackend): ChosenBackend {
  return {
    ...firewalld,
    add: async (addresses, former) => {
      await firewalld.add(addresses)
      if (former.length > 0) await (await import('./firewalld-sources.ts')).removeFormer(request, firewalld, former)
      return []
    },
  }
}

/**
 * What firewalld has no words for: a policy, and whose its sources are. The elements of nf_tables tell the latter; an
 * attachment that the reference has made has none, so that CHECK does not ask for them.
 */
async function besideFirewalld(asked: Asked): Promise<ChosenBackend[]> {
  const { request, policy } = asked
  if (!policy && request.command === 'CHECK') return []
  const byIptables = async () => (await import('./iptables-backend.ts')).iptablesPolicy(request, policy)
  const hasNft = await hasNftables(request.hostNetns)
  return [hasNft ? await nftablesOr(asked, byIptables) : await byIptables()]
}

/**
 * What nobody has named: what the host's own filter is made by, else nf_tables where the kernel has it. iptables sees
 * nothing of what a bridge forwards between its ports, so that isolated containers need both.
 */
async function suitableBackends({ request, addresses, policy }: Asked): Promise<OurBackend[]> {
  const { hostNetns } = request
  using nft = await findRuleset(hostNetns)
  if (!nft) return ['iptables']
  const versions = addresses.map(({ family }) => family)
  if (!(await filtersByIptables(nft, { hostNetns, versions }))) return ['nftables']
  return policy?.isolated ? ['iptables', 'nftables'] : ['iptables']
}

/** The backends that may have made something for a container, whatever is configured now. */
export interface InUse {
  /** Where the kernel has it. */
  readonly nftables?: NftablesFirewall
  /** Where it has the chain for it: no program is started to find nothing. */
  readonly iptables?: IptablesFirewall
}

/** @param addresses of the attachment; without, whatever tells its owner may be of it */
export async function backendsInUse(call: Call, addresses?: readonly CIDR[]): Promise<InUse> {
  using nft = await findRuleset(call.request.hostNetns)
  if (!nft) return { iptables: await loadIptables(call, undefined) }
  const nftables = await loadNftables(call, undefined)
  const told = addresses && new Set(addresses.map(({ family }) => family))
  return { nftables, ...(await iptablesInUse(call, nft, { told, possible: told ?? both })) }
}

/** As {@link backendsInUse}, with what is recorded of the attachment. */
export async function backendsOfContainer(
  call: Call,
  addresses: readonly CIDR[] | undefined,
): Promise<InUse & { record?: Recorded | undefined }> {
  using nft = await findRuleset(call.request.hostNetns)
  if (!nft) return { iptables: await loadIptables(call, undefined) }
  const nftables = await loadNftables(call, undefined)
  const record = await nftables.record()
  const told = addresses && new Set(addresses.map(({ family }) => family))
  // A record names all addresses, so that no more versions than theirs need a look.
  const possible = record && told ? new Set([...told, ...(await familiesIn(record))]) : both
  return { nftables, record, ...(await iptablesInUse(call, nft, { told, possible })) }
}

const both = [4, 6] as const

/** Addresses that the runtime does not tell are known by their marks in a chain of our own. */
async function iptablesInUse(
  call: Call,
  nft: SharedRuleset,
  { told, possible }: { told: ReadonlySet<4 | 6> | undefined; possible: Iterable<4 | 6> },
): Promise<Pick<InUse, 'iptables'>> {
  const { hostNetns } = call.request
  for (const version of possible) {
    const chain = told?.has(version) ? CNI_FORWARD : PUBLISHED
    if (await mayHaveIptablesChain(nft, { version, table: 'filter', chain, hostNetns }))
      return { iptables: await loadIptables(call, undefined) }
  }
  return {}
}

async function familiesIn({ words }: Recorded): Promise<(4 | 6)[]> {
  const { ownedIn } = await import('./nftables-record.ts')
  return ownedIn(words).addresses.map(({ family }) => family)
}

async function loadNftables({ request, config }: Call, policy: BridgePolicy | undefined): Promise<NftablesFirewall> {
  const { nftablesFirewall } = await import('./nftables-backend.ts')
  return nftablesFirewall(request, { adminChain: config.adminChain, policy, ports: portsOf(config) })
}

async function loadIptables({ request, config }: Call, policy: BridgePolicy | undefined): Promise<IptablesFirewall> {
  return (await import('./iptables-backend.ts')).iptablesFirewall(request, config, policy)
}
