import { closeSync, openSync, readlinkSync } from 'node:fs'

/** The network namespace of a caller, held open while its call is served. */
export interface CallerNamespace extends Disposable {
  /** Leads this process to the namespace: what a plugin calls the host's. */
  readonly path: string
  /** Whether it is this process's own. */
  readonly isOwn: boolean
}

interface Held {
  readonly fd: number
  holders: number
}

/** The network namespaces that callers are in, each held open once. */
export class CallerNamespaces {
  readonly #own = readlinkSync('/proc/self/ns/net')
  readonly #held = new Map<string, Held>()

  /** Paths by which this process can open them. */
  get paths(): string[] {
    return [...this.#held.values()].map(({ fd }) => pathOf(fd))
  }

  /** Opens the namespace that the process `pid` is in. Throws when the process is gone. */
  open(pid: number): CallerNamespace {
    const { identity, held } = this.#hold(`/proc/${pid}/ns/net`)
    held.holders++
    return {
      path: pathOf(held.fd),
      isOwn: identity === this.#own,
      [Symbol.dispose]: () => {
        held.holders--
        if (held.holders > 0) return
        this.#held.delete(identity)
        closeSync(held.fd)
      },
    }
  }

  #hold(path: string): { identity: string; held: Held } {
    const found = readlinkSync(path)
    const known = this.#held.get(found)
    if (known) return { identity: found, held: known }
    const fd = openSync(path, 'r')
    // The process may have gone elsewhere since: what counts is what was opened.
    const identity = readlinkSync(pathOf(fd))
    const other = this.#held.get(identity)
    if (other) closeSync(fd)
    const held = other ?? { fd, holders: 0 }
    this.#held.set(identity, held)
    return { identity, held }
  }
}

function pathOf(fd: number): string {
  return `/proc/self/fd/${fd}`
}
