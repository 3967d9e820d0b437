import type { Request } from '@patchbay/cni/plugin'
import { type Backends, backendsInUse, EitherBackend, natChains } from '../../rules/backends.ts'
import type { PortmapBackend } from './backend.ts'
import type { PortmapConfig } from './config.ts'
import { containerChain, shared } from './iptables-rules.ts'

/** The backend that the configuration names; without, nf_tables where the kernel has it. */
export async function chosenBackend(request: Request, config: PortmapConfig): Promise<PortmapBackend> {
  const load = backendsFor(request, config)
  if (config.backend) return load[config.backend]()
  const { findNftablesPortmap } = await import('./nftables-backend.ts')
  const nftables = await findNftablesPortmap(request, config)
  return nftables ? orByIptables(request, config, nftables) : load.iptables()
}

/** nf_tables, and iptables where the kernel lacks what the rules need. */
function orByIptables(request: Request, config: PortmapConfig, nftables: PortmapBackend): PortmapBackend {
  const either = new EitherBackend(nftables, backendsFor(request, config))
  const chains = natChains(containerChain(request))
  return {
    ...nftables,
    add: (addresses, gone) => either.add((backend) => backend.add(addresses, gone)),
    remove: (versions) => either.used.remove(versions),
    check: (address) => either.check((backend) => backend.check(address), { call: request, chains }),
  }
}

/** The backends that may have published something for a container, whatever is configured now. */
export function backendsOfContainer(request: Request, config: PortmapConfig): Promise<PortmapBackend[]> {
  return backendsWith(request, config, containerChain(request))
}

/** The backends that may have published something for anyone. */
export function backendsOfHost(request: Request, config: PortmapConfig): Promise<PortmapBackend[]> {
  return backendsWith(request, config, shared.dnat)
}

async function backendsWith(request: Request, config: PortmapConfig, chain: string): Promise<PortmapBackend[]> {
  return Object.values(await backendsInUse(request, backendsFor(request, config), () => natChains(chain)))
}

function backendsFor(request: Request, config: PortmapConfig): Backends<PortmapBackend> {
  return {
    nftables: async () => (await import('./nftables-backend.ts')).nftablesPortmap(request, config),
    iptables: async () => (await import('./iptables-backend.ts')).iptablesPortmap(request, config),
  }
}
