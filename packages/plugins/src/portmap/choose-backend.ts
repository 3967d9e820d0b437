import type { Request } from '@patchbay/cni/plugin'
import { chainName } from '../iptables/chain-name.ts'
import { hasNftables, mayHaveIptablesChain, openRuleset } from '../ruleset/index.ts'
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
  return (await findNftablesPortmap(request, config)) ?? backends.iptables(request, config)
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
