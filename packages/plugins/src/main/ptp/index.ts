import type { Plugin } from '@patchbay/cni/plugin'

/**
 * The plugin `ptp`: a veth pair between a container and the host, and routes on both sides. Each command's code is
 * loaded when it is asked for.
 */
export const ptp: Plugin = {
  name: 'ptp',
  add: async (request) => (await import('./add.ts')).add(request),
  del: async (request) => (await import('./del.ts')).del(request),
  check: async (request) => (await import('./check.ts')).check(request),
  gc: async (request) => (await import('./gc.ts')).gc(request),
  async status(request) {
    const { loadPtpConfig } = await import('./config.ts')
    await request.delegate(loadPtpConfig(request).ipamType, 'STATUS')
  },
}
