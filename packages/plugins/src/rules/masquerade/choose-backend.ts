import type { Request } from '@patchbay/cni/plugin'
import { isBackendName } from '../backend-name.ts'
import { type Backends, backendsInUse, EitherBackend, natChains } from '../backends.ts'
import { chainName } from '../iptables/chain-name.ts'
import { hasNftables } from '../ruleset/index.ts'
import type { MasqueradeBackend } from './backend.ts'

/** The backend that the configuration names; without, nf_tables where the kernel has it. */
export async function chosenBackend(request: Request, name: string | undefined): Promise<MasqueradeBackend> {
  const load = backendsFor(request)
  if (isBackendName(name)) return load[name]()
  return (await hasNftables(request)) ? orByIptables(request, await load.nftables()) : load.iptables()
}

/** nf_tables, and iptables where the kernel lacks what the rules need. */
function orByIptables(request: Request, nftables: MasqueradeBackend): MasqueradeBackend {
  const either = new EitherBackend(nftables, backendsFor(request))
  const chains = natChains(ownChain(request))
  return {
    ...nftables,
    add: (addresses) => either.add((backend) => backend.add(addresses)),
    remove: (addresses) => either.used.remove(addresses),
    check: (addresses) => either.check((backend) => backend.check(addresses), { call: request, chains }),
  }
}

/** The backends that may masquerade something for a container, whatever is configured now. */
export function backendsOfContainer(request: Request): Promise<MasqueradeBackend[]> {
  return backendsWith(request, ownChain(request))
}

/** The backends that may masquerade something for anyone. */
export function backendsOfHost(request: Request): Promise<MasqueradeBackend[]> {
  return backendsWith(request, 'POSTROUTING')
}

async function backendsWith(request: Request, chain: string): Promise<MasqueradeBackend[]> {
  return Object.values(await backendsInUse(request, backendsFor(request), () => natChains(chain)))
}

function ownChain(request: Request): string {
  return chainName('', request)
}

function backendsFor(request: Request): Backends<MasqueradeBackend> {
  return {
    nftables: async () => (await import('./nftables-backend.ts')).nftablesMasquerade(request),
    iptables: async () => (await import('./iptables-backend.ts')).iptablesMasquerade(request),
  }
}
