import type { Request } from '@patchbay/cni/plugin'
import { chainName } from '../../rules/iptables/chain-name.ts'
import { byEither, hasNftables, mayHaveIptablesChain, openRuleset } from '../../rules/ruleset/index.ts'
import type { PortmapBackend } from './backend.ts'
import type { BackendName, PortmapConfig } from './config.ts'

type LoadBackend = (request: Request, config: PortmapConfig) => Promise<PortmapBackend>

const backends: Readonly<Record<BackendName, LoadBackend>> = {
  nftables: async (request, config) => (await import('./nftables-backend.ts')).nftablesPortmap(request, config),
  iptables: async (request, config) => (await import('./iptables-backend.ts')).iptablesPortmap(request, config),
}

/** The backend that the configuration names; without, nf_tables where the kernel has it. */
export async function chosenBackend(request: Request, config: PortmapConfig): Promise<PortmapBackend> {
  if (config.backend) return backends[config.backend](request, config)
  const { findNftablesPortmap } = await import('./nftables-backend.ts')
  const nftables = await findNftablesPortmap(request, config)
  return nftables ? orByIptables(nftables, request, config) : backends.iptables(request, config)
}

/** nf_tables, and iptables where the kernel lacks what the rules need. */
function orByIptables(nftables: PortmapBackend, request: Request, config: PortmapConfig): PortmapBackend {
  let used = nftables
  const other = async () => {
    used = await backends.iptables(request, config)
    return used
  }
  return {
    ...nftables,
    add: (addresses) => byEither(nftables, { other, add: (backend) => backend.add(addresses) }),
    remove: (versions) => used.remove(versions),
    check: async (address) => {
      try {
        await nftables.check(address)
      } catch (error) {
        if (!(await hasChain(request, chainName('DN-', request)))) throw error
        await (await other()).check(address)
      }
    },
  }
}

/** The backends that may have published something for a container, whatever is configured now. */
export function backendsOfContainer(request: Request, config: PortmapConfig): Promise<PortmapBackend[]> {
  return backendsWith(request, config, chainName('DN-', request))
}

/** The backends that may have published something for anyone. */
export function backendsOfHost(request: Request, config: PortmapConfig): Promise<PortmapBackend[]> {
  return backendsWith(request, config, 'CNI-HOSTPORT-DNAT')
}

/** No program is started where iptables does not have the chain. */
async function backendsWith(request: Request, config: PortmapConfig, chain: string): Promise<PortmapBackend[]> {
  const names: BackendName[] = (await hasNftables(request.hostNetns)) ? ['nftables'] : []
  if (names.length === 0 || (await hasChain(request, chain))) names.push('iptables')
  return Promise.all(names.map((name) => backends[name](request, config)))
}

async function hasChain(request: Request, chain: string): Promise<boolean> {
  using nft = openRuleset(request.hostNetns)
  for (const version of [4, 6] as const)
    if (await mayHaveIptablesChain(nft, { version, table: 'nat', chain, hostNetns: request.hostNetns })) return true
  return false
}
