import type { Plugin } from '@patchbay/cni/plugin'

/**
 * The plugin `macvlan`: an interface with a hardware address of its own on the network of another one. Each command's
 * code is loaded when it is asked for.
 */
export const macvlan: Plugin = {
  name: 'macvlan',
  add: async (request) => (await import('./add.ts')).add(request),
  del: async (request) => (await import('./del.ts')).del(request),
  check: async (request) => (await import('./check.ts')).check(request),
  gc: async (request) => (await import('./gc.ts')).gc(request),
  async status(request) {
    const { loadMacvlanConfig } = await import('./config.ts')
    const { ipamType } = loadMacvlanConfig(request)
    if (ipamType !== '') await request.delegate(ipamType, 'STATUS')
  },
}
