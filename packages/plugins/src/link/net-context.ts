import { type Request, SharedKey } from '@patchbay/cni/plugin'
import {
  type BackgroundWork,
  type NamespaceHandle,
  type NetlinkSocket,
  threadBackground,
} from '@patchbay/linux/netlink'
import { isOwnNamespace, Namespace } from '@patchbay/linux/netns'
import {
  deleteLinkAnnounced,
  type LinkDeletion,
  type LinkSummary,
  openRouteSocket,
  RTNLGRP,
} from '@patchbay/linux/route'
import { native } from '@patchbay/linux/sys'
import { messageOf } from '../request/error-message.ts'
import { isMissingNetns, openNamespace } from '../request/open-namespace.ts'

/** A namespace as one call has it, with a socket for links, addresses and routes in it. */
export interface OpenNetns extends Disposable {
  readonly netns: Namespace
  readonly route: NetlinkSocket
  /** That of the call: ends its waits for the kernel. */
  readonly signal?: AbortSignal | undefined
}

/** A container's interface: what the kernel calls it, and what the runtime does. */
export interface ContainerLink {
  index: number
  ifName: string
}

/** How containers' links are deleted. */
export interface LinkDeleter {
  /** Opens a socket of a namespace, to look links up and to have one deleted. */
  openSocket(netns: NamespaceHandle): NetlinkSocket
  /** Begins to delete a link of that namespace; both stay open until it is gone. */
  delete(link: LinkSummary, at: Pick<OpenNetns, 'netns' | 'route'>): LinkDeletion
}

export interface NetContextOptions {
  /** Who does what nobody waits for; threads of this process by default. */
  readonly background?: BackgroundWork
  /** Deletes the links of containers; by default each by itself. */
  readonly deleter?: LinkDeleter
}

/** Most sockets that are kept while nobody uses them. */
const IDLE_SOCKETS = 8

/**
 * What the calls of one program have to do with the kernel: the sockets that they borrow from each other, and how what takes
 * the kernel long is done.
 */
export class NetContext implements Disposable {
  readonly background: BackgroundWork
  readonly deleter: LinkDeleter
  readonly #idle: NetlinkSocket[] = []
  #ownNetns: Namespace | undefined
  #isDisposed = false

  constructor({ background = threadBackground, deleter = eachByItself(background) }: NetContextOptions = {}) {
    this.background = background
    this.deleter = deleter
  }

  /**
   * Opens the namespace at `path` with a socket in it, which no other caller has. Those of this process's own namespace are
   * kept for the next caller.
   *
   * @param signal that of the caller
   * @throws Error `failed to open netns "PATH": ...`, whose cause tells a missing namespace from a wrong file
   */
  open(path: string, signal?: AbortSignal): OpenNetns {
    // Whatever is wrong with it is not the namespace's fault.
    native()
    return isOwnNamespace(path) ? this.#borrow(signal) : openOther(path, signal)
  }

  /** Closes what is kept, after the last call. */
  [Symbol.dispose](): void {
    this.#isDisposed = true
    for (const socket of this.#idle.splice(0)) socket.close()
    this.#ownNetns?.close()
  }

  #borrow(signal: AbortSignal | undefined): OpenNetns {
    this.#ownNetns ??= Namespace.current()
    const route = this.#idle.pop() ?? openRouteSocket()
    return { netns: this.#ownNetns, route, signal, [Symbol.dispose]: () => this.#takeBack(route) }
  }

  #takeBack(socket: NetlinkSocket): void {
    if (socket.isIdle && !this.#isDisposed && this.#idle.length < IDLE_SOCKETS) this.#idle.push(socket)
    else socket.close()
  }
}

/** The context of the calls that have `shared`. */
export const netContext = new SharedKey(() => new NetContext())

/** As {@link NetContext.open}, in the context of a call. */
export function openNetns({ shared, signal }: Pick<Request, 'shared' | 'signal'>, path: string): OpenNetns {
  return netContext.of(shared).open(path, signal)
}

/** As {@link openNetns}; `undefined` for a namespace that is gone, and for none. */
export function openNetnsIfThere(request: Pick<Request, 'shared' | 'signal'>, path: string): OpenNetns | undefined {
  if (path === '') return undefined
  try {
    return openNetns(request, path)
  } catch (error) {
    if (error instanceof Error && isMissingNetns(error.cause)) return undefined
    throw error
  }
}

function openOther(path: string, signal: AbortSignal | undefined): OpenNetns {
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
      signal,
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

function eachByItself(background: BackgroundWork): LinkDeleter {
  return {
    openSocket: (netns) => openRouteSocket({ netns, groups: [RTNLGRP.LINK], background }),
    delete: (link, { route }) => deleteLinkAnnounced(route, link),
  }
}
