import type { Plugin } from '@patchbay/cni/plugin'

/**
 * The IPAM plugin `host-local`: leases addresses of configured ranges and remembers them on this host. Each command's
 * code is loaded when it is asked for.
 */
export const hostLocal: Plugin = {
  name: 'host-local',
  add: async (request) => (await import('./add.ts')).add(request),
  del: async (request) => (await import('./del.ts')).del(request),
  check: async (request) => (await import('./check.ts')).check(request),
  gc: async (request) => (await import('./gc.ts')).gc(request),
  status: async (request) => (await import('./status.ts')).status(request),
}
