import type { Request } from '@patchbay/cni/plugin'
import { isBackendName } from '../../rules/backend-name.ts'
import type { FindFirewalld, FirewallBackend } from './backend.ts'
import type { FirewallConfig } from './config.ts'

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

/** The backend for firewalld when it was asked for, or when nothing was and it runs. */
export async function findFirewalld({ request, config, options }: Call): Promise<FirewallBackend | undefined> {
  const { backend, zone } = config
  if (isBackendName(backend)) return undefined
  return options.firewalld(request, { zone, required: backend === 'firewalld' })
}
