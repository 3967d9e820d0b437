/** Remembers values by key: as many as it has room for, the last ones. */
export class Recent<K, V> {
  readonly #room: number
  readonly #values = new Map<K, V>()

  constructor(room: number) {
    this.#room = room
  }

  get size(): number {
    return this.#values.size
  }

  get(key: K): V | undefined {
    return this.#values.get(key)
  }

  /** Forgets the value that was set first, where there is no room for another key. */
  set(key: K, value: V): void {
    this.#values.set(key, value)
    for (const first of this.#values.keys()) {
      if (this.#values.size <= this.#room) return
      this.#values.delete(first)
    }
  }
}
