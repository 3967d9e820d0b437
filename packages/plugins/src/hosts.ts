import type { NetlinkSocket } from '@patchbay/linux/netlink'
import { Namespace } from '@patchbay/linux/netns'
import { openRouteSocket } from '@patchbay/linux/route'
import { messageOf } from './error-message.ts'

/** A namespace and a socket for links, addresses and routes in it. */
export interface Host extends Disposable {
  readonly netns: Namespace
  readonly route: NetlinkSocket
}

/** A container's interface: what the kernel calls it, and what the runtime does. */
export interface ContainerLink {
  index: number
  ifName: string
}

/**
 * Opens the namespace at `path` with a socket in it.
 *
 * @throws Error `failed to open netns "PATH": ...`, whose cause tells a missing namespace from a wrong file
 */
export function openHost(path: string): Host {
  let netns: Namespace
  try {
    netns = Namespace.open(path)
  } catch (cause) {
    throw new Error(`failed to open netns "${path}": ${messageOf(cause)}`, { cause })
  }
  try {
    const route = openRouteSocket({ netns })
    return {
      netns,
      route,
      [Symbol.dispose]() {
        route.close()
        netns.close()
      },
    }
  } catch (error) {
    netns.close()
    throw error
  }
}
