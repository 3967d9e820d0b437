import { closeSync, openSync, readlinkSync } from 'node:fs'

/** The network namespace of a caller, held open while its call is served. */
export interface CallerNamespace extends Disposable {
  /** Leads this process to the namespace: what a plugin calls the host's. */
  readonly path: string
  /** Whether it is this process's own. */
  readonly isOwn: boolean
}

/** The network namespaces that callers are in, each held open once; and this process's own, where most are, for good. */
export class CallerNamespaces {
  readonly #held = new Map<string, Held>()

  constructor() {
    this.#hold('/proc/self/ns/net', true).holders++
  }

  get all(): Iterable<CallerNamespace> {
    return this.#held.values()
  }

  /**
   * Opens the namespace that the process `pid` is in: `net:[1]`, as it was just seen. Throws when the process is gone.
   */
  open(pid: number, seen: string): CallerNamespace {
    const held = this.#held.get(seen) ?? this.#hold(`/proc/${pid}/ns/net`)
    held.holders++
    return held
  }

  #hold(path: string, isOwn = false): Held {
    const fd = openSync(path, 'r')
    // The process may have gone elsewhere since: what counts is what was opened.
    const identity = readlinkSync(pathOf(fd))
    const other = this.#held.get(identity)
    if (other) {
      closeSync(fd)
      return other
    }
    const held = new Held(fd, isOwn, () => this.#held.delete(identity))
    this.#held.set(identity, held)
    return held
  }
}

class Held implements CallerNamespace {
  readonly path: string
  readonly isOwn: boolean
  holders = 0
  readonly #fd: number
  readonly #onUnused: () => void

  constructor(fd: number, isOwn: boolean, onUnused: () => void) {
    this.#fd = fd
    this.path = pathOf(fd)
    this.isOwn = isOwn
    this.#onUnused = onUnused
  }

  [Symbol.dispose](): void {
    this.holders--
    if (this.holders > 0) return
    this.#onUnused()
    closeSync(this.#fd)
  }
}

function pathOf(fd: number): string {
  return `/proc/self/fd/${fd}`
}
