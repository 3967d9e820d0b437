// biome-ignore lint/suspicious/noExplicitAny: each event has parameters of its own
type Listener = (...args: any[]) => void

/** As much of Node's `EventEmitter` as child processes and their streams are used for. */
export class Emitter {
  readonly #listeners = new Map<string, Listener[]>()

  on(event: string, listener: Listener): this {
    this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), listener])
    return this
  }

  emit(event: string, ...args: readonly unknown[]): void {
    for (const listener of this.#listeners.get(event) ?? []) listener(...args)
  }
}
