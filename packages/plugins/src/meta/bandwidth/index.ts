import type { Plugin } from '@patchbay/cni/plugin'

/**
 * The plugin `bandwidth`: how quickly a container receives and sends. The code of its commands is loaded when one is asked for.
 */
export const bandwidth: Plugin = {
  name: 'bandwidth',
  versions: ['0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0'],
  add: async (request) => (await import('./bandwidth.ts')).add(request),
  del: async (request) => (await import('./bandwidth.ts')).del(request),
  check: async (request) => (await import('./check.ts')).check(request),
  gc: async (request) => (await import('./bandwidth.ts')).gc(request),
}
