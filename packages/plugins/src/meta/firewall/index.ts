import type { Plugin } from '@patchbay/cni/plugin'
import type { FirewallOptions } from './choose-backend.ts'

export type { FindFirewalld, FirewallBackend } from './backend.ts'
export type { FirewallOptions } from './choose-backend.ts'

/**
 * The plugin `firewall`: the host forwards packets for containers. The code of its commands is loaded when one is asked
 * for.
 */
export function firewallPlugin(options: FirewallOptions = {}): Plugin {
  return {
    name: 'firewall',
    versions: ['0.4.0', '1.0.0', '1.1.0'],
    add: async (request) => (await import('./firewall.ts')).add(request, options),
    del: async (request) => (await import('./firewall.ts')).del(request, options),
    check: async (request) => (await import('./firewall.ts')).check(request, options),
    gc: async (request) => (await import('./firewall.ts')).gc(request, options),
  }
}

/** The plugin without firewalld. */
export const firewall: Plugin = firewallPlugin()
