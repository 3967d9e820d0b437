import type { Namespace } from '@patchbay/linux/netns'
import { Nftables, openNetfilterSocket } from '@patchbay/linux/nftables'
import { restOfWork } from '@patchbay/linux/sys'

/** Longer than the kernel takes, and than the steps of one call are apart. */
const LINGER_MS = 250

const open = new Map<string, SharedRuleset>()

/**
 * The packet filter of a namespace, for all that use it at once or soon after one another.
 *
 * The kernel lets go of a socket only when it has freed what was deleted last. That takes 10 to 20 ms, in which nobody
 * can change rules; a socket that is kept until then costs nothing.
 */
export class SharedRuleset extends Nftables {
  readonly #key: string
  #users = 0
  #lingering: ReturnType<typeof setTimeout> | undefined

  private constructor(netns: Namespace, key: string) {
    super(openNetfilterSocket({ netns }))
    this.#key = key
  }

  /**
   * Each caller closes what it got.
   *
   * @throws SystemError
   */
  static of(netns: Namespace): SharedRuleset {
    const { device, inode } = netns.identity
    const key = `${device}:${inode}`
    const shared = open.get(key) ?? new SharedRuleset(netns, key)
    open.set(key, shared)
    shared.#users++
    clearTimeout(shared.#lingering)
    return shared
  }

  override close(): void {
    this.#users--
    if (this.#users > 0) return
    // A process that ends soon uses it again until then.
    if (restOfWork() === 'thread') this.#lingering = setTimeout(() => this.#end(), LINGER_MS).unref()
  }

  #end(): void {
    open.delete(this.#key)
    super.close()
  }
}
