import type { CIDR } from '@patchbay/address'
import type { Request } from '@patchbay/cni/plugin'
import { byEither, findRuleset, hasNftables, mayHaveIptablesChain } from '../../rules/ruleset/index.ts'
import type { FindFirewalld, FirewallBackend } from './backend.ts'
import type { BackendName, FirewallConfig } from './config.ts'
import { filtersByIptables, IPTABLES_CHAIN } from './host-filter.ts'
import type { IptablesFirewall } from './iptables-backend.ts'
import { type BridgePolicy, portsOf } from './isolation.ts'
import type { NftablesFirewall } from './nftables-backend.ts'
import { PUBLISHED } from './published-addresses.ts'

/** What else than the call decides. */
export interface FirewallOptions {
  readonly firewalld: FindFirewalld
}

/** A call, and what is known of it. */
export interface Call {
  readonly request: Request
  readonly config: FirewallConfig
  readonly options: FirewallOptions
}

interface Asked extends Call {
  readonly addresses: readonly CIDR[]
  readonly policy: BridgePolicy | undefined
}

/**
 * The backends that have a container's packets forwarded and, with a policy, keep its network apart: all of them are
 * needed.
 */
export async function chooseBackends(asked: Asked): Promise<FirewallBackend[]> {
  const { config, policy } = asked
  const firewalld = await findFirewalld(asked)
  if (firewalld) return [...(await besideFirewalld(asked)), firewalld]
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
async function nftablesOr(asked: Asked, other: () => Promise<FirewallBackend>): Promise<FirewallBackend> {
  const nftables: FirewallBackend = await loadNftables(asked, asked.policy)
  let used = nftables
  const load = async () => {
    used = await other()
    return used
  }
  return {
    add: (addresses) => byEither(nftables, { other: load, add: (backend) => backend.add(addresses) }),
    del: (addresses) => used.del(addresses),
    check: (addresses) => nftables.check(addresses),
  }
}

/** firewalld is another program's. */
type OurBackend = 'nftables' | 'iptables'

function isOurs(backend: BackendName | undefined): backend is OurBackend {
  return backend === 'nftables' || backend === 'iptables'
}

/**
 * What firewalld has no words for: a policy, and whose its sources are. The elements of nf_tables tell the latter; an
 * attachment that the reference has made has none, so that CHECK does not ask for them.
 */
async function besideFirewalld(asked: Asked): Promise<FirewallBackend[]> {
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

/** The backend for firewalld when it was asked for, or when nothing was and it runs. */
export async function findFirewalld({ request, config, options }: Call): Promise<FirewallBackend | undefined> {
  const { backend, zone } = config
  if (isOurs(backend)) return undefined
  return options.firewalld(request, { zone, required: backend === 'firewalld' })
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
  const { hostNetns } = call.request
  using nft = await findRuleset(hostNetns)
  if (!nft) return { iptables: await loadIptables(call, undefined) }
  const nftables = await loadNftables(call, undefined)
  const versions = addresses ? new Set(addresses.map(({ family }) => family)) : ([4, 6] as const)
  const chain = addresses ? IPTABLES_CHAIN : PUBLISHED
  for (const version of versions)
    if (await mayHaveIptablesChain(nft, { version, table: 'filter', chain, hostNetns }))
      return { nftables, iptables: await loadIptables(call, undefined) }
  return { nftables }
}

async function loadNftables({ request, config }: Call, policy: BridgePolicy | undefined): Promise<NftablesFirewall> {
  const { nftablesFirewall } = await import('./nftables-backend.ts')
  return nftablesFirewall(request, { adminChain: config.adminChain, policy, ports: portsOf(config) })
}

async function loadIptables({ request, config }: Call, policy: BridgePolicy | undefined): Promise<IptablesFirewall> {
  return (await import('./iptables-backend.ts')).iptablesFirewall(request, config, policy)
}
