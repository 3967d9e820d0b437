import { object, orZero, string } from '@patchbay/cni/json'
import type { Request } from '@patchbay/cni/plugin'
import { netConf, type Result } from '@patchbay/cni/types'
import { chainedResult } from '../../request/chained-result.ts'
import { decodeNetConf } from '../../request/decode-netconf.ts'
import { type BackendName, isBackendName } from '../../rules/backend-name.ts'

/** Where the host's administrator puts rules of their own, when the configuration does not say. */
export const DEFAULT_ADMIN_CHAIN = 'CNI-ADMIN'

/** The configuration of the plugin `firewall`. */
export const firewallConf = object('FirewallNetConf', {
  ...netConf.table,
  backend: orZero(string),
  iptablesAdminChainName: orZero(string),
  firewalldZone: orZero(string),
  ingressPolicy: orZero(string),
})

/** What the configuration asks for. */
export interface FirewallConfig {
  /** `undefined` for what fits the host. Unknown names are ignored. */
  readonly backend: BackendName | 'firewalld' | undefined
  /** Chain for the rules of the host's administrator. */
  readonly adminChain: string
  /** firewalld's zone for containers. */
  readonly zone: string
  /** Who may reach a container; `open` for everyone. Not yet looked at. */
  readonly ingressPolicy: string
  readonly prevResult: Result | undefined
}

/** @throws SyntaxError `could not parse prevResult: ...`, JsonError `failed to load netconf: ...` */
export function loadFirewallConfig(request: Request): FirewallConfig {
  const conf = decodeNetConf(firewallConf, request)
  return {
    backend: isBackendName(conf.backend) || conf.backend === 'firewalld' ? conf.backend : undefined,
    adminChain: conf.iptablesAdminChainName || DEFAULT_ADMIN_CHAIN,
    zone: conf.firewalldZone || 'trusted',
    ingressPolicy: conf.ingressPolicy || 'open',
    prevResult: chainedResult(request),
  }
}
