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
   * Runs `work` when its turn has come. Rejects with the signal's reason when that is aborted before.
   */
  async run<T>(turn: Turn, work: () => Promise<T>): Promise<T> {
    await this.#wait(turn)
    try {
      return await work()
    } finally {
      this.#running--
      this.#busy.delete(turn.container)
      this.#startNext()
    }
  }

  #wait(turn: Turn): Promise<void> {
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

  /** One in each turn of the event loop: a call may run to its end in one go, and others want to be heard. */
  #startNext(): void {
    const next = this.#isTurnTaken || this.#running >= this.#limit ? undefined : this.#next()
    if (next === undefined) return
    this.#isTurnTaken = true
    setImmediate(() => {
      this.#isTurnTaken = false
      this.#startNext()
    })
    this.#start(next)
  }

  #start(next: Waiting): void {
    const { network, container } = next.turn
    this.#remove(next)
    // Its network comes last now.
    const queue = this.#queues.get(network)
    if (queue) {
      this.#queues.delete(network)
      this.#queues.set(network, queue)
    }
    this.#running++
    if (container !== '') this.#busy.add(container)
    next.start()
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
