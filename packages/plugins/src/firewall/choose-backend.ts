import type { CIDR } from '@patchbay/address'
import type { Request } from '@patchbay/cni/plugin'
import { CniError } from '@patchbay/cni/types'
import { hasNftables, mayHaveIptablesChain, openRuleset } from '../ruleset/index.ts'
import type { FindFirewalld, FirewallBackend } from './backend.ts'
import type { FirewallConfig } from './config.ts'
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
  if (config.backend === 'nftables') return [await loadNftables(asked, policy)]
  const iptables = await loadIptables(asked)
  if (config.backend === 'iptables') return [iptables]
  switch (await nameBackend(asked)) {
    case 'nftables':
      return [await loadNftables(asked, policy)]
    case 'iptables':
      return [iptables]
    case 'both':
      return [iptables, await loadNftables(asked, policy)]
  }
}

/** A drop counts in whichever table it is, so that who forwards need not be who keeps apart. */
async function policyBackend(asked: Asked): Promise<FirewallBackend> {
  const { request, policy } = asked
  if (await hasNftables(request.hostNetns)) return loadNftables(asked, policy)
  return (await import('./iptables-backend.ts')).iptablesPolicy(request, policy)
}

/**
 * What nobody has named: what the host's own filter is made by, else nf_tables where the kernel has it. iptables sees
 * nothing of what a bridge forwards between its ports, so that isolated containers need both.
 */
async function nameBackend({ request, addresses, policy }: Asked): Promise<'nftables' | 'iptables' | 'both'> {
  const { hostNetns } = request
  if (!(await hasNftables(hostNetns))) return 'iptables'
  using nft = openRuleset(hostNetns)
  const versions = addresses.map(({ family }) => family)
  if (!(await filtersByIptables(nft, { hostNetns, versions }))) return 'nftables'
  return policy?.isolated ? 'both' : 'iptables'
}

/** The backend for firewalld when it was asked for, or when nothing was and it runs. */
export async function findFirewalld({ request, config, options }: Call): Promise<FirewallBackend | undefined> {
  const { backend, zone } = config
  if (backend === 'iptables' || backend === 'nftables') return undefined
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
  const noPolicy = { ...call, policy: undefined }
  if (!(await hasNftables(hostNetns))) return { iptables: await loadIptables(noPolicy) }
  const nftables = await loadNftables(call, undefined)
  using nft = openRuleset(hostNetns)
  for (const version of new Set(addresses.map(({ family }) => family)))
    if (await mayHaveIptablesChain(nft, { version, table: 'filter', chain: IPTABLES_CHAIN, hostNetns }))
      return { nftables, iptables: await loadIptables(noPolicy) }
  return { nftables }
}

async function loadNftables({ request, config }: Call, policy: BridgePolicy | undefined): Promise<NftablesFirewall> {
  const { nftablesFirewall } = await import('./nftables-backend.ts')
  return nftablesFirewall(request, { adminChain: config.adminChain, policy, ports: portsOf(config) })
}

async function loadIptables({ request, config, policy }: Omit<Asked, 'addresses'>): Promise<FirewallBackend> {
  return (await import('./iptables-backend.ts')).iptablesFirewall(request, config, policy)
}
