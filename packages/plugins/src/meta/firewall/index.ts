import type { Plugin } from '@patchbay/cni/plugin'
import type { FindFirewalld } from './backend.ts'

export type { FindFirewalld, FirewallBackend } from './backend.ts'

/** The code that speaks D-Bus is loaded when somebody may have to be asked. */
const byDbus: FindFirewalld = async (request, options) =>
  (await import('./firewalld/firewalld-backend.ts')).findFirewalld(request, options)

/**
 * The plugin `firewall`: the host forwards packets for containers. The code of its commands is loaded when one is asked
 * for.
 *
 * @param firewalld finds the host's firewalld in another way than by the system bus
 */
export function firewallBy(firewalld: FindFirewalld): Plugin {
  const options = { firewalld }
  return {
    name: 'firewall',
    versions: ['0.4.0', '1.0.0', '1.1.0'],
    add: async (request) => (await import('./firewall.ts')).add(request, options),
    del: async (request) => (await import('./firewall.ts')).del(request, options),
    check: async (request) => (await import('./firewall.ts')).check(request, options),
    gc: async (request) => (await import('./firewall.ts')).gc(request, options),
  }
}

/** The plugin `firewall`, which asks on the system bus whether firewalld runs. */
export const firewall: Plugin = firewallBy(byDbus)
