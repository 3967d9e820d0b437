import type { IP } from '@patchbay/address'
import type { Request } from '@patchbay/cni/plugin'
import { type ConnectionFilter, deleteConnections, openNetfilterSocket } from '@patchbay/linux/conntrack'
import { netContext } from '../../link/net-context.ts'
import { messageOf } from '../../request/error-message.ts'
import { openNamespace } from '../../request/open-namespace.ts'
import { hostAddress, isForVersion, type PortMapping } from './config.ts'

/** A port of the host, for one IP version. */
export interface PublishedPort {
  readonly version: 4 | 6
  readonly protocol: string
  readonly port: number
  /** `undefined` for every address. */
  readonly host: IP | undefined
}

/** The ports that mappings ask for. */
export function portsOf(mappings: readonly PortMapping[], versions: readonly (4 | 6)[]): PublishedPort[] {
  return versions.flatMap((version) =>
    mappings
      .filter((mapping) => isForVersion(mapping, version))
      .map((mapping) => ({
        version,
        protocol: mapping.protocol,
        port: mapping.hostPort,
        host: hostAddress(mapping)?.isUnspecified ? undefined : hostAddress(mapping),
      })),
  )
}

/**
 * The tracked UDP connections that go elsewhere when these ports come or go: the kernel looks rules up for the first packet
 * of a connection only, and one of UDP has no end while packets come.
 */
export function connectionsTo(ports: readonly PublishedPort[]): ConnectionFilter[] {
  return ports
    .filter(({ protocol }) => protocol.toLowerCase() === 'udp')
    .map(({ version, port, host }) => {
      const filter = { family: version, protocol: 'udp', originalDestinationPort: port } as const
      return host ? { ...filter, originalDestination: host } : filter
    })
}

/** The tracked UDP connections that a container answers. */
export function connectionsOf(addresses: readonly IP[]): ConnectionFilter[] {
  return addresses.map((replySource) => ({ protocol: 'udp', replySource }))
}

/** Has the kernel forget connections. A failure is only told: the rules are in place. */
export async function forgetConnections(request: Request, filters: readonly ConnectionFilter[]): Promise<void> {
  if (filters.length === 0) return
  try {
    using netns = openNamespace(request.hostNetns)
    using socket = openNetfilterSocket({ netns, background: netContext.of(request.shared).background })
    await deleteConnections(socket, filters)
  } catch (error) {
    request.warn(`Cannot forget UDP connections to published ports: ${messageOf(error)}`)
  }
}
