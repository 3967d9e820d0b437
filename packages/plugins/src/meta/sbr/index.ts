import type { Plugin } from '@patchbay/cni/plugin'

/**
 * The plugin `sbr`: what a container sends from the addresses of an interface leaves by that interface. The code of its commands
 * is loaded when one is asked for.
 */
export const sbr: Plugin = {
  name: 'sbr',
  add: async (request) => (await import('./sbr.ts')).add(request),
  del: async (request) => (await import('./sbr.ts')).del(request),
  check: async (request) => (await import('./check.ts')).check(request),
  gc: async (request) => (await import('./gc.ts')).gc(request),
}
