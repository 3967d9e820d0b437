import type { NetlinkSocket } from '@patchbay/linux/netlink'
import { isOwnNamespace, Namespace } from '@patchbay/linux/netns'
import { openRouteSocket } from '@patchbay/linux/route'
import { native } from '@patchbay/linux/sys'
import { messageOf } from '../request/error-message.ts'
import { openNamespace } from '../request/open-namespace.ts'

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
 * Opens the namespace at `path` with a socket in it, which no other caller has. Those of this process's own namespace are
 * kept for the next caller.
 *
 * @throws Error `failed to open netns "PATH": ...`, whose cause tells a missing namespace from a wrong file
 */
export function openHost(path: string): Host {
  // Whatever is wrong with it is not the namespace's fault.
  native()
  return isOwnNamespace(path) ? OwnHost.borrow() : openOtherHost(path)
}

function openOtherHost(path: string): Host {
  let netns: Namespace
  try {
    netns = openNamespace(path)
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

/** Most sockets that are kept while nobody uses them. */
const IDLE_SOCKETS = 8

/** A socket in this process's own namespace. */
class OwnHost implements Host {
  static #netns: Namespace | undefined
  static readonly #idle: NetlinkSocket[] = []

  readonly netns: Namespace
  readonly route: NetlinkSocket

  private constructor(netns: Namespace, route: NetlinkSocket) {
    this.netns = netns
    this.route = route
  }

  static borrow(): Host {
    OwnHost.#netns ??= Namespace.current()
    return new OwnHost(OwnHost.#netns, OwnHost.#idle.pop() ?? openRouteSocket())
  }

  [Symbol.dispose](): void {
    if (this.route.isIdle && OwnHost.#idle.length < IDLE_SOCKETS) OwnHost.#idle.push(this.route)
    else this.route.close()
  }
}
