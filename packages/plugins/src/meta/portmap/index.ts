import type { Plugin } from '@patchbay/cni/plugin'

/**
 * The plugin `portmap`: ports of the host that are those of a container. The code of its commands is loaded when one is
 * asked for.
 */
export const portmap: Plugin = {
  name: 'portmap',
  add: async (request) => (await import('./portmap.ts')).add(request),
  del: async (request) => (await import('./portmap.ts')).del(request),
  check: async (request) => (await import('./portmap.ts')).check(request),
  gc: async (request) => (await import('./portmap.ts')).gc(request),
}
