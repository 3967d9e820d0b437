import type { Plugin, Request } from '@patchbay/cni/plugin'

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

/** The first name of {@link ptp}. */
export const veth: Plugin = { ...ptp, name: 'veth' }

/**
 * Puts back the rules of one attachment that somebody has flushed: for a request as CHECK gets it. Links, addresses and
 * routes stay as they are.
 *
 * @returns what has been put back: `masquerade`, or nothing
 * @throws Error when the result of the ADD is missing
 */
export async function repair(request: Request): Promise<string[]> {
  return (await import('./repair.ts')).repair(request)
}
