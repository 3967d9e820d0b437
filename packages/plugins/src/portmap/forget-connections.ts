import type { IP } from '@patchbay/address'
import type { Request } from '@patchbay/cni/plugin'
import { type ConnectionFilter, deleteConnections, openNetfilterSocket } from '@patchbay/linux/conntrack'
import { Namespace } from '@patchbay/linux/netns'
import { messageOf } from '../error-message.ts'
import { hostAddress, isForVersion, type PortMapping } from './config.ts'

/**
 * Which tracked UDP connections go elsewhere now that mappings have come or gone: the kernel looks rules up for the first
 * packet of a connection only, and one of UDP has no end while packets come.
 */
export function connectionsTo(mappings: readonly PortMapping[], versions: readonly (4 | 6)[]): ConnectionFilter[] {
  const udp = mappings.filter(({ protocol }) => protocol.toLowerCase() === 'udp')
  return versions.flatMap((family) =>
    udp
      .filter((mapping) => isForVersion(mapping, family))
      .map((mapping) => {
        const host = hostAddress(mapping)
        const filter = { family, protocol: 'udp', originalDestinationPort: mapping.hostPort } as const
        return host && !host.isUnspecified ? { ...filter, originalDestination: host } : filter
      }),
  )
}

/** The tracked UDP connections that a container answers. */
export function connectionsOf(addresses: readonly IP[]): ConnectionFilter[] {
  return addresses.map((replySource) => ({ protocol: 'udp', replySource }))
}

/** Has the kernel forget connections. A failure is only told: the rules are in place. */
export async function forgetConnections(request: Request, filters: readonly ConnectionFilter[]): Promise<void> {
  if (filters.length === 0) return
  try {
    using netns = Namespace.open(request.hostNetns)
    using socket = openNetfilterSocket({ netns })
    for (const filter of filters) await deleteConnections(socket, filter)
  } catch (error) {
    request.warn(`Cannot forget UDP connections to published ports: ${messageOf(error)}`)
  }
}
