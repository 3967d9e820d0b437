type Listener = () => void

/** As much of an `EventTarget` as an abort signal is used for. */
class Listeners {
  readonly #listeners = new Map<Listener, { once: boolean }>()

  addEventListener(_type: 'abort', listener: Listener, { once = false }: { once?: boolean } = {}): void {
    this.#listeners.set(listener, { once })
  }

  removeEventListener(_type: 'abort', listener: Listener): void {
    this.#listeners.delete(listener)
  }

  dispatch(): void {
    for (const [listener, { once }] of [...this.#listeners]) {
      if (once) this.#listeners.delete(listener)
      listener()
    }
  }
}

/** `AbortSignal` of the DOM Standard. */
export class AbortSignal extends Listeners {
  aborted = false
  reason: unknown

  throwIfAborted(): void {
    if (this.aborted) throw this.reason
  }

  static any(signals: readonly AbortSignal[]): AbortSignal {
    const controller = new AbortController()
    for (const signal of signals) {
      if (signal.aborted) controller.abort(signal.reason)
      else signal.addEventListener('abort', () => controller.abort(signal.reason), { once: true })
    }
    return controller.signal
  }

  static timeout(milliseconds: number): AbortSignal {
    const controller = new AbortController()
    const error = Object.assign(new Error('The operation was aborted due to timeout'), { name: 'TimeoutError' })
    setTimeout(() => controller.abort(error), milliseconds).unref()
    return controller.signal
  }
}

/** `AbortController` of the DOM Standard. */
export class AbortController {
  readonly signal = new AbortSignal()

  abort(reason: unknown = Object.assign(new Error('This operation was aborted'), { name: 'AbortError' })): void {
    if (this.signal.aborted) return
    this.signal.aborted = true
    this.signal.reason = reason
    this.signal.dispatch()
  }
}
