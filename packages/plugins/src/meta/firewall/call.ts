import type { Request } from '@patchbay/cni/plugin'
import type { FindFirewalld, FirewallBackend } from './backend.ts'
import type { BackendName, FirewallConfig } from './config.ts'

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

/** firewalld is another program's. */
export type OurBackend = 'nftables' | 'iptables'

export function isOurs(backend: BackendName | undefined): backend is OurBackend {
  return backend === 'nftables' || backend === 'iptables'
}

/** The backend for firewalld when it was asked for, or when nothing was and it runs. */
export async function findFirewalld({ request, config, options }: Call): Promise<FirewallBackend | undefined> {
  const { backend, zone } = config
  if (isOurs(backend)) return undefined
  return options.firewalld(request, { zone, required: backend === 'firewalld' })
}
