import type { CIDR } from '@patchbay/address'
import type { Request } from '@patchbay/cni/plugin'
import type { Namespace } from '@patchbay/linux/netns'
import { findLink, linkSummary, listAddresses, openRouteSocket } from '@patchbay/linux/route'
import { openNamespace } from '../../request/open-namespace.ts'
import { isShortage } from '../../request/shortage.ts'

/**
 * The addresses of all interfaces of a container but the one that the request is about; none when its namespace is gone, and
 * they with it.
 */
export async function addressesOfOthers({ netns: path, ifName }: Request): Promise<CIDR[]> {
  using netns = openIfThere(path)
  if (netns === undefined) return []
  using route = openRouteSocket({ netns })
  const own = await findLink(route, ifName, { as: linkSummary })
  const addresses = await listAddresses(route)
  return addresses.filter(({ index }) => index !== own?.index).map(({ address }) => address)
}

function openIfThere(path: string): Namespace | undefined {
  try {
    return path === '' ? undefined : openNamespace(path)
  } catch (error) {
    if (isShortage(error)) throw error
    // A path that leads nowhere is told where the interface is deleted.
    return undefined
  }
}
