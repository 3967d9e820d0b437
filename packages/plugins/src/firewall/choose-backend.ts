import type { CIDR } from '@patchbay/address'
import type { Request } from '@patchbay/cni/plugin'
import { CniError } from '@patchbay/cni/types'
import { byEither, findRuleset, hasNftables, mayHaveIptablesChain } from '../ruleset/index.ts'
import type { FindFirewalld, FirewallBackend } from './backend.ts'
import type { BackendName, FirewallConfig } from './config.ts'
import { filtersByIptables, IPTABLES_CHAIN } from './host-filter.ts'
import { type BridgePolicy, portsOf } from './isolation.ts'
import type { NftablesFirewall } from './nftables-backend.ts'

/** What the program brings that the plugin runs in. */
export interface FirewallOptions {
  /** Without it nobody asks for firewalld. */
  readonly firewalld?: FindFirewalld
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
  if (firewalld) return policy ? [firewalld, await policyBackend(asked)] : [firewalld]
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

/** A drop counts in whichever table it is, so that who forwards need not be who keeps apart. */
async function policyBackend(asked: Asked): Promise<FirewallBackend> {
  const { request, policy } = asked
  const byIptables = async () => (await import('./iptables-backend.ts')).iptablesPolicy(request, policy)
  return (await hasNftables(request.hostNetns)) ? nftablesOr(asked, byIptables) : byIptables()
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
  const required = backend === 'firewalld'
  if (required && !options.firewalld)
    throw new CniError('unsupportedField', 'Cannot use backend "firewalld": this program does not speak D-Bus')
  return options.firewalld?.(request, { zone, required })
}

/** The backends that may have made something for a container, whatever is configured now. */
export interface InUse {
  /** Where the kernel has it. */
  readonly nftables?: NftablesFirewall
  /** Where it has the chain for it: no program is started to find nothing. */
  readonly iptables?: FirewallBackend
}

export async function backendsInUse(call: Call, addresses: readonly CIDR[] = []): Promise<InUse> {
  const { hostNetns } = call.request
  using nft = await findRuleset(hostNetns)
  if (!nft) return { iptables: await loadIptables(call, undefined) }
  const nftables = await loadNftables(call, undefined)
  for (const version of new Set(addresses.map(({ family }) => family)))
    if (await mayHaveIptablesChain(nft, { version, table: 'filter', chain: IPTABLES_CHAIN, hostNetns }))
      return { nftables, iptables: await loadIptables(call, undefined) }
  return { nftables }
}

async function loadNftables({ request, config }: Call, policy: BridgePolicy | undefined): Promise<NftablesFirewall> {
  const { nftablesFirewall } = await import('./nftables-backend.ts')
  return nftablesFirewall(request, { adminChain: config.adminChain, policy, ports: portsOf(config) })
}

async function loadIptables({ request, config }: Call, policy: BridgePolicy | undefined): Promise<FirewallBackend> {
  return (await import('./iptables-backend.ts')).iptablesFirewall(request, config, policy)
}
