/**
 * What calls of one program share, such as sockets that stay open from one call to the next; what there is, a
 * {@link SharedKey} tells. A program that makes many calls makes one of these, gives it to every call by
 * `PluginWorld.shared`, and disposes of it at its end. Two of them in one process have nothing in common.
 */
export class Shared implements Disposable {
  readonly #values: Disposable[] = []

  /** Disposes of something with the rest. */
  use(value: Disposable): void {
    this.#values.push(value)
  }

  /** Disposes of all that calls have shared, the last first. */
  [Symbol.dispose](): void {
    for (const value of this.#values.splice(0).reverse()) value[Symbol.dispose]()
  }
}

/** One thing that calls share: each {@link Shared} has one of its own, which ends with it. */
export class SharedKey<T extends Disposable> {
  readonly #make: (shared: Shared) => T
  readonly #values = new WeakMap<Shared, T>()

  /** @param make makes the thing when a call asks for it first, of other things that are shared if need be */
  constructor(make: (shared: Shared) => T) {
    this.#make = make
  }

  /** The thing; made now unless it is there. */
  of(shared: Shared): T {
    return this.#values.get(shared) ?? this.#keep(shared, this.#make(shared))
  }

  /**
   * Has calls share `value` in place of what would be made; for before the first call.
   *
   * @throws TypeError when there is one: calls may have it already
   */
  put(shared: Shared, value: T): void {
    if (this.#values.has(shared)) throw new TypeError('Cannot replace what calls share: it is in use')
    this.#keep(shared, value)
  }

  #keep(shared: Shared, value: T): T {
    this.#values.set(shared, value)
    shared.use(value)
    return value
  }
}
