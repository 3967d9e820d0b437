import type { Plugin } from '@patchbay/cni/plugin'

/**
 * The plugin `tuning`: settings of a container's interface, and sysctls of its network. The code of its commands is loaded when
 * one is asked for.
 */
export const tuning: Plugin = {
  name: 'tuning',
  add: async (request) => (await import('./tuning.ts')).add(request),
  del: async (request) => (await import('./tuning.ts')).del(request),
  check: async (request) => (await import('./check.ts')).check(request),
  gc: async (request) => (await import('./tuning.ts')).gc(request),
}
