import type { CIDR } from '@patchbay/address'
import { type BackendName, isBackendName } from '../../rules/backend-name.ts'
import {
  type Backends,
  type BackendsInUse,
  backendsInUse,
  type ChainInUse,
  EitherBackend,
} from '../../rules/backends.ts'
import { findRuleset, hasNftables, type Recorded } from '../../rules/ruleset/index.ts'
import type { ChosenBackend, FirewallBackend } from './backend.ts'
import { type Call, findFirewalld } from './call.ts'
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
  const load = backendsFor(asked, policy)
  if (isBackendName(config.backend)) return [await load[config.backend]()]
  const names = await suitableBackends(asked)
  return Promise.all(names.map((name) => (name === 'nftables' ? orByIptables(load) : load.iptables())))
}

/** nf_tables, and iptables where the kernel lacks what the rules need. */
async function orByIptables(load: Backends<ChosenBackend>): Promise<ChosenBackend> {
  const nftables = await load.nftables()
  const either = new EitherBackend(nftables, load)
  return {
    ...nftables,
    add: (addresses, former) => either.add((backend) => backend.add(addresses, former)),
    del: (addresses) => either.used.del(addresses),
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
  const iptables = async () => (await import('./iptables-backend.ts')).iptablesPolicy(request, policy)
  const load = { ...backendsFor(asked, policy), iptables }
  return [(await hasNftables(request)) ? await orByIptables(load) : await iptables()]
}

/**
 * What nobody has named: what the host's own filter is made by, else nf_tables where the kernel has it. iptables sees
 * nothing of what a bridge forwards between its ports, so that isolated containers need both.
 */
async function suitableBackends({ request, addresses, policy }: Asked): Promise<BackendName[]> {
  const { hostNetns } = request
  using nft = await findRuleset(request)
  if (!nft) return ['iptables']
  const versions = addresses.map(({ family }) => family)
  if (!(await filtersByIptables(nft, { hostNetns, versions }))) return ['nftables']
  return policy?.isolated ? ['iptables', 'nftables'] : ['iptables']
}

type InUse = BackendsInUse<NftablesFirewall, IptablesFirewall>

/**
 * The backends that may have made something for anyone, whatever is configured now.
 *
 * @param container the one that has these addresses; without, any
 */
export function backendsOfHost(call: Call, container?: Pick<Asked, 'addresses' | 'policy'>): Promise<InUse> {
  const told = container && versionsIn(container.addresses)
  return backendsInUse(call.request, backendsFor(call, container?.policy), () => chainsOf(told, told ?? both))
}

/** As {@link backendsOfHost} for one container, with what is recorded of its attachment. */
export async function backendsOfContainer(
  call: Call,
  addresses: readonly CIDR[] | undefined,
): Promise<InUse & { record?: Recorded | undefined }> {
  const told = addresses && versionsIn(addresses)
  let record: Recorded | undefined
  const used = await backendsInUse(call.request, backendsFor(call), async (nftables) => {
    record = await nftables.record()
    // A record names all addresses, so that no more versions than theirs need a look.
    return chainsOf(told, record && told ? new Set([...told, ...(await versionsOf(record))]) : both)
  })
  return { ...used, record }
}

const both = [4, 6] as const

/** Addresses that the runtime does not tell are known by their marks in a chain of our own. */
function chainsOf(told: ReadonlySet<4 | 6> | undefined, versions: Iterable<4 | 6>): ChainInUse[] {
  return [...versions].map((version) => {
    const chain = told?.has(version) ? CNI_FORWARD : PUBLISHED
    return { version, table: 'filter', chain }
  })
}

function versionsIn(addresses: readonly { readonly family: 4 | 6 }[]): Set<4 | 6> {
  return new Set(addresses.map(({ family }) => family))
}

async function versionsOf({ words }: Recorded): Promise<Set<4 | 6>> {
  const { isReadable, ownedIn } = await import('./nftables-record.ts')
  return isReadable(words) ? versionsIn(ownedIn(words).addresses) : new Set(both)
}

/** Without a policy, what is left of any can be removed. */
function backendsFor(
  { request, config }: Call,
  policy?: BridgePolicy | undefined,
): Backends<NftablesFirewall, IptablesFirewall> {
  const { adminChain } = config
  return {
    async nftables() {
      const { nftablesFirewall } = await import('./nftables-backend.ts')
      return nftablesFirewall(request, { adminChain, policy, ports: portsOf(config) })
    },
    async iptables() {
      const { iptablesFirewall } = await import('./iptables-backend.ts')
      return iptablesFirewall(request, config, policy)
    },
  }
}
