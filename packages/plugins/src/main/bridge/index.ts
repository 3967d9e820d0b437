import type { Plugin, Request } from '@patchbay/cni/plugin'

/**
 * The plugin `bridge`: containers on a Linux bridge, each by a veth pair. Each command's code is loaded when it is
 * asked for.
 */
export const bridge: Plugin = {
  name: 'bridge',
  add: async (request) => (await import('./add.ts')).add(request),
  del: async (request) => (await import('./del.ts')).del(request),
  check: async (request) => (await import('./check.ts')).check(request),
  gc: async (request) => (await import('./gc.ts')).gc(request),
  status,
}

/** The network can serve when its IPAM plugin can. */
async function status(request: Request): Promise<void> {
  const { decodeBridgeConf } = await import('./config.ts')
  const { ipam } = decodeBridgeConf(request)
  if (ipam?.type) await request.delegate(ipam.type, 'STATUS')
}
