import type { NamespaceHandle, NetlinkSocket } from '@patchbay/linux/netlink'
import { Namespace } from '@patchbay/linux/netns'
import { type LinkDeletion, type LinkSummary, openRouteSocket } from '@patchbay/linux/route'
import type { LinkDeleter } from '@patchbay/plugins/net-context'
import type { CallerNamespace } from './caller-namespaces.ts'
import { Deferred } from './deferred.ts'
import { deleteTogether } from './delete-together.ts'
import { netnsIdOf } from './netns-id.ts'

/** A link that waits to be deleted. */
interface PendingDelete {
  readonly index: number
  readonly asked: Deferred
  readonly gone: Deferred
}

/** A namespace that links are deleted from, and those that wait there. */
interface DeletionQueue {
  readonly netns: Namespace
  waiting: PendingDelete[]
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
 * a namespace begins when the links of the one before are announced gone, unless many calls are there: then it begins later,
 * with more links.
 */
export class LinkDeletions implements LinkDeleter {
  readonly counts: DeletionCounts = { pending: 0, finished: 0, batches: 0 }
  readonly #hosts: () => Iterable<Pick<CallerNamespace, 'path' | 'isOwn'>>
  readonly #queues = new Map<string, DeletionQueue>()
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

  openSocket(netns: NamespaceHandle): NetlinkSocket {
    return openRouteSocket({ netns })
  }

  /** Has a link deleted, with others if it is a container's end of a pair. */
  delete(link: LinkSummary, { netns, route }: { netns: NamespaceHandle; route: NetlinkSocket }): LinkDeletion {
    const asked = new Deferred()
    const gone = new Deferred()
    const begin = async () => {
      const host = await this.#hostOf(route, link)
      if (host) this.#enqueue(host, { index: link.link ?? 0, asked, gone })
      else await this.#deleteAlone(netns, { index: link.index, asked, gone })
    }
    begin().catch((error) => {
      gone.reject(error)
      asked.resolve()
    })
    return { asked: asked.promise, gone: gone.promise }
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

  #enqueue(host: Namespace, pending: PendingDelete): void {
    const key = String(host.identity.inode)
    const known = this.#queues.get(key)
    if (known) host.close()
    const queue = known ?? { netns: host, waiting: [], isBusy: false }
    this.#queues.set(key, queue)
    this.counts.pending++
    queue.waiting.push(pending)
    // Those that come in the same turn of the event loop go together.
    setImmediate(() => void this.#work(key, queue))
  }

  async #work(key: string, queue: DeletionQueue): Promise<void> {
    if (queue.isBusy) return
    queue.isBusy = true
    while (queue.waiting.length > 0) {
      await this.#room(() => this.#together >= this.#mostTogether())
      this.#together++
      const batch = queue.waiting
      queue.waiting = []
      await this.#deleteBatch(queue.netns, batch, () => this.#together--)
    }
    queue.isBusy = false
    this.#queues.delete(key)
    queue.netns.close()
  }

  /** A single call that follows others does not wait; of many calls, more links go together. */
  #mostTogether(): number {
    return Math.max(Math.floor(MOST_AT_ONCE / Math.max(this.#calls(), 1)), 1)
  }

  async #deleteAlone(netns: NamespaceHandle, pending: PendingDelete): Promise<void> {
    this.counts.pending++
    await this.#room()
    void this.#deleteBatch(netns, [pending])
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
  async #deleteBatch(netns: NamespaceHandle, batch: readonly PendingDelete[], onFinish?: () => void): Promise<void> {
    const deletion = this.#deleteTogether(netns, [...new Set(batch.map(({ index }) => index))])
    for (const { index, asked, gone } of batch) {
      asked.resolve(deletion.asked)
      gone.resolve(deletion.gone.get(index))
    }
    const finish = () => this.#finish(batch.length, onFinish)
    deletion.end.then(finish, finish)
    await Promise.allSettled(deletion.gone.values())
  }

  #finish(links: number, onFinish: () => void = () => undefined): void {
    this.#underWay--
    onFinish()
    const waiting = this.#onRoom
    this.#onRoom = []
    for (const look of waiting) look()
    this.counts.batches++
    this.counts.finished += links
    this.counts.pending -= links
    if (this.counts.pending > 0) return
    for (const resolve of this.#onIdle) resolve()
    this.#onIdle = []
  }
}
