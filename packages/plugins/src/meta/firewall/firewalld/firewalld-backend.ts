import type { CIDR } from '@patchbay/address'
import type { FindFirewalld, FirewallBackend } from '../backend.ts'
import { type Firewalld, firewalld } from './firewalld.ts'

/** Has firewalld forward for containers, by the zone that their addresses are in. */
export const findFirewalld: FindFirewalld = async (request, { zone, required }) => {
  const service = firewalld(request)
  if (await service.isRunning()) return firewalldBackend(service, zone)
  if (!required) return undefined
  // What it forgets when it ends needs no taking back.
  if (request.command === 'DEL' || request.command === 'GC')
    return { ...firewalldBackend(service, zone), del: async () => {} }
  throw new Error('Cannot use backend "firewalld": firewalld does not run')
}

function firewalldBackend(service: Firewalld, zone: string): FirewallBackend {
  return {
    add: (addresses) => service.addSource(zone, ...addresses.map(sourceOf)),
    del: (addresses) => service.removeSource(zone, ...addresses.map(sourceOf)),
    async check(addresses) {
      for (const source of addresses.map(sourceOf))
        if (!(await service.querySource(zone, source)))
          throw new Error(`Cannot find source "${source}" in zone "${zone}" of firewalld: it is not there`)
    },
  }
}

/** One address, as the reference writes it: `10.0.0.2/32`. */
function sourceOf({ address }: CIDR): string {
  return `${address}/${address.bits}`
}
