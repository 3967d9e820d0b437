import type { Plugin } from '@patchbay/cni/plugin'
import { CniError } from '@patchbay/cni/types'

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

/**
 * The variant of `host-local` that gave pairs of neighbouring addresses to the first veth plugin. ADD and CHECK are refused
 * and the error names the successor; DEL releases leases that the variant has left.
 */
export const hostLocalPtp: Plugin = {
  ...hostLocal,
  name: 'host-local-ptp',
  add: async () => refuse(),
  check: async () => refuse(),
}

function refuse(): never {
  throw new CniError(
    'invalidNetworkConfig',
    'Cannot serve the IPAM type "host-local-ptp": pairs of addresses are gone; use "host-local", whose addresses "ptp" (or "veth") routes one by one',
  )
}
