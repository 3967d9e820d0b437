import { isNetlinkError, type NamespaceHandle, type NetlinkSocket } from '@patchbay/linux/netlink'
import { Namespace } from '@patchbay/linux/netns'
import { getLink, type LinkSummary, linkSummary, openRouteSocket } from '@patchbay/linux/route'
import type { DeletionSteps } from '@patchbay/linux/sys'
import type { CallerNamespace } from './caller-namespaces.ts'
import { deleteTogether } from './delete-together.ts'
import { netnsIdOf } from './netns-id.ts'

/** A link that waits to be deleted, and who waits for that. */
interface Doomed {
  readonly index: number
  readonly onAsked: (() => void) | undefined
  readonly resolve: () => void
  readonly reject: (reason: unknown) => void
}

/** A link, and who wants to know when the kernel is at it. */
type Wanted = Pick<Doomed, 'index' | 'onAsked'>

/** The namespace that links are deleted from, and those that wait there. */
interface Place {
  readonly netns: Namespace
  waiting: Doomed[]
  isBusy: boolean
}

/** What has become of deletions. */
export interface DeletionCounts {
  /** Links that are being deleted or wait for it, those included whose callers have their answer already. */
  pending: number
  /** Links deleted. */
  finished: number
  /** Requests that deleted them. */
  batches: number
}

/**
 * Requests that the kernel is at. Each takes it 20 to 40 ms, most of which it waits; the next may come after 2 ms. A request
 * has a thread and a socket.
 */
const MOST_AT_ONCE = 16

/** What a {@link LinkDeletions} works with. */
export interface LinkDeletionsOptions {
  /** The calls that run or wait: how many links may be about to come. */
  readonly calls?: () => number
  /** Carries a request out. */
  readonly deleteLinks?: typeof deleteTogether
}

/**
 * Deletes links of containers. Those of veth pairs are deleted from the host's end, all that wait in one request: the
 * kernel takes 20 to 40 ms over a request, however many links it is about. It can be at several requests; the next one of
 * a place begins when the links of the one before are announced gone, unless many calls are there: then it begins later,
 * with more links.
 */
export class LinkDeletions {
  readonly counts: DeletionCounts = { pending: 0, finished: 0, batches: 0 }
  readonly #hosts: () => Iterable<Pick<CallerNamespace, 'path' | 'isOwn'>>
  readonly #places = new Map<string, Place>()
  #onIdle: (() => void)[] = []
  /** Requests that the kernel is at, and those of them for links that may go together. */
  #underWay = 0
  #together = 0
  #onRoom: (() => void)[] = []

  readonly #calls: () => number
  readonly #deleteTogether: typeof deleteTogether

  /** @param hosts the namespaces that callers are in: those that hosts' ends of pairs may be in */
  constructor(hosts: () => Iterable<Pick<CallerNamespace, 'path' | 'isOwn'>>, options: LinkDeletionsOptions = {}) {
    this.#hosts = hosts
    this.#calls = options.calls ?? (() => 1)
    this.#deleteTogether = options.deleteLinks ?? deleteTogether
  }

  /**
   * Deletes a link and returns when it is announced gone.
   *
   * @throws NetlinkError `ENODEV` when there is none
   */
  readonly delete = async (netns: NamespaceHandle, name: string, steps: DeletionSteps = {}): Promise<void> => {
    const { before, onAsked } = steps
    using socket = openRouteSocket({ netns })
    const link = await getLink(socket, name, { as: linkSummary })
    const host = await this.#hostOf(socket, link)
    await before?.(link)
    await (host
      ? this.#enqueue(host, { index: link.link ?? 0, onAsked })
      : this.#deleteAlone(netns, { index: link.index, onAsked }))
  }

  /** Returns when no deletion is pending. */
  async drain(): Promise<void> {
    if (this.counts.pending > 0) await new Promise<void>((resolve) => this.#onIdle.push(resolve))
  }

  /** The namespace of a veth's other end, when a caller is in it. */
  async #hostOf(socket: NetlinkSocket, link: LinkSummary): Promise<Namespace | undefined> {
    if (link.linkinfo?.link?.kind !== 'veth' || link.linkNetnsid === undefined) return undefined
    for (const { path, isOwn } of this.#hosts()) {
      const host = isOwn ? Namespace.current() : Namespace.open(path)
      if ((await netnsIdOf(socket, host)) === link.linkNetnsid) return host
      host.close()
    }
    return undefined
  }

  #enqueue(host: Namespace, wanted: Wanted): Promise<void> {
    const key = String(host.identity.inode)
    const known = this.#places.get(key)
    if (known) host.close()
    const place = known ?? { netns: host, waiting: [], isBusy: false }
    this.#places.set(key, place)
    return new Promise((resolve, reject) => {
      this.counts.pending++
      place.waiting.push({ ...wanted, resolve, reject })
      // Those that come in the same turn of the event loop go together.
      setImmediate(() => void this.#work(key, place))
    })
  }

  async #work(key: string, place: Place): Promise<void> {
    if (place.isBusy) return
    place.isBusy = true
    while (place.waiting.length > 0) {
      await this.#room(() => this.#together >= this.#mostTogether())
      this.#together++
      const batch = place.waiting
      place.waiting = []
      await this.#deleteBatch(place.netns, batch, () => this.#together--)
    }
    place.isBusy = false
    this.#places.delete(key)
    place.netns.close()
  }

  /** A single call that follows others does not wait; of many calls, more links go together. */
  #mostTogether(): number {
    return Math.max(Math.floor(MOST_AT_ONCE / Math.max(this.#calls(), 1)), 1)
  }

  async #deleteAlone(netns: NamespaceHandle, wanted: Wanted): Promise<void> {
    this.counts.pending++
    await this.#room()
    return new Promise((resolve, reject) => {
      void this.#deleteBatch(netns, [{ ...wanted, resolve, reject }])
    })
  }

  /** Returns when there may be one request more, which counts from now on. */
  async #room(mustWait: () => boolean = () => false): Promise<void> {
    while (this.#underWay >= MOST_AT_ONCE || mustWait())
      await new Promise<void>((resolve) => this.#onRoom.push(resolve))
    this.#underWay++
  }

  /**
   * Returns when the next request may begin: when those who wait have been told that their links are gone.
   *
   * @param onFinish called when the kernel has finished
   */
  async #deleteBatch(netns: NamespaceHandle, batch: readonly Doomed[], onFinish?: () => void): Promise<void> {
    const waiting = new Map(batch.map((each) => [each.index, each]))
    try {
      const { end } = await this.#deleteTogether(netns, [...waiting.keys()], {
        onAsked: () => {
          for (const { onAsked } of batch) onAsked?.()
        },
        onGone: (index) => waiting.get(index)?.resolve(),
      })
      void this.#finish(batch, end, onFinish)
    } catch (error) {
      void this.#finish(batch, Promise.reject(error), onFinish)
    }
  }

  async #finish(batch: readonly Doomed[], end: Promise<void>, onFinish: () => void = () => undefined): Promise<void> {
    try {
      await end
      for (const { resolve } of batch) resolve()
    } catch (error) {
      for (const { resolve, reject } of batch) isNetlinkError(error, 'ENODEV') ? resolve() : reject(error)
    }
    this.#underWay--
    onFinish()
    const waiting = this.#onRoom
    this.#onRoom = []
    for (const look of waiting) look()
    this.counts.batches++
    this.counts.finished += batch.length
    this.counts.pending -= batch.length
    if (this.counts.pending > 0) return
    for (const resolve of this.#onIdle) resolve()
    this.#onIdle = []
  }
}
