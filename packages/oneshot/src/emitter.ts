// biome-ignore lint/suspicious/noExplicitAny: each event has parameters of its own
type Listener = (...args: any[]) => void

/** As much of Node's `EventEmitter` as child processes and their streams are used for. */
export class Emitter {
  readonly #listeners = new Map<string, Listener[]>()

  on(event: string, listener: Listener): this {
    this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), listener])
    return this
  }

  /** Throws an error that nobody listens for, as Node does. */
  emit(event: string, ...args: readonly unknown[]): void {
    const listeners = this.#listeners.get(event)
    if (event === 'error' && listeners === undefined) throw args[0]
    for (const listener of listeners ?? []) listener(...args)
  }
}
