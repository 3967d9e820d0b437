/** What the order of calls depends on. */
export interface Turn {
  /** Networks take turns: one with many calls does not keep the others waiting. */
  readonly network: string
  /** Calls for one container never overlap: a DEL waits for the ADD that its runtime has given up. Empty for none. */
  readonly container: string
  readonly signal: AbortSignal
}

interface Waiting {
  readonly turn: Turn
  start(): void
}

/** Lets a bounded number of calls run at once; the others wait. */
export class Admission {
  readonly #limit: number
  /** By network, in the order of their next turns. */
  readonly #queues = new Map<string, Waiting[]>()
  readonly #busy = new Set<string>()
  #running = 0
  #waiting = 0
  #isTurnTaken = false

  constructor(limit: number) {
    this.#limit = limit
  }

  get running(): number {
    return this.#running
  }

  get waiting(): number {
    return this.#waiting
  }

  /**
   * Lets a call for a container start now, unless that would be before one that waits, or something else is against it.
   * A call that has started ends with {@link leave}.
   */
  enter(container: string): boolean {
    const mustWait = this.#waiting > 0 || this.#isTurnTaken || this.#running >= this.#limit || this.#busy.has(container)
    if (!mustWait) this.#begin(container)
    return !mustWait
  }

  /** Has a call start when its turn has come. Rejects with the signal's reason when that is aborted before. */
  wait(turn: Turn): Promise<void> {
    const { signal } = turn
    return new Promise((resolve, reject) => {
      signal.throwIfAborted()
      const onAbort = () => {
        this.#remove(waiting)
        reject(signal.reason)
      }
      const start = () => {
        signal.removeEventListener('abort', onAbort)
        resolve()
      }
      const waiting: Waiting = { turn, start }
      signal.addEventListener('abort', onAbort, { once: true })
      this.#queues.set(turn.network, [...(this.#queues.get(turn.network) ?? []), waiting])
      this.#waiting++
      this.#startNext()
    })
  }

  /** The call for a container that has started is over. */
  leave(container: string): void {
    this.#running--
    this.#busy.delete(container)
    if (this.#waiting > 0) this.#startNext()
  }

  #startNext(): void {
    const next = this.#isTurnTaken || this.#running >= this.#limit ? undefined : this.#next()
    if (next === undefined) return
    const { network, container } = next.turn
    this.#remove(next)
    // Its network comes last now.
    const queue = this.#queues.get(network)
    if (queue) {
      this.#queues.delete(network)
      this.#queues.set(network, queue)
    }
    this.#begin(container)
    next.start()
  }

  /** One in each turn of the event loop: a call may run to its end in one go, and others want to be heard. */
  #begin(container: string): void {
    this.#running++
    if (container !== '') this.#busy.add(container)
    this.#isTurnTaken = true
    setImmediate(this.#endTurn)
  }

  readonly #endTurn = (): void => {
    this.#isTurnTaken = false
    if (this.#waiting > 0) this.#startNext()
  }

  #next(): Waiting | undefined {
    for (const queue of this.#queues.values()) {
      const next = queue.find(({ turn }) => !this.#busy.has(turn.container))
      if (next !== undefined) return next
    }
    return undefined
  }

  #remove(waiting: Waiting): void {
    const { network } = waiting.turn
    const queue = this.#queues.get(network)
    const at = queue?.indexOf(waiting) ?? -1
    if (queue === undefined || at < 0) return
    queue.splice(at, 1)
    this.#waiting--
    if (queue.length === 0) this.#queues.delete(network)
  }
}
