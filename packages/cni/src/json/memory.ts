import type { JsonObject, JsonValue } from './value.ts'

/**
 * Something that the parser remembers of arrays and objects: a property that nobody lists, copies or prints. Weak maps with
 * a million keys take the engine of the one-shot executable ten times as long as all else.
 */
export class Memory<T> {
  readonly key: symbol

  constructor(what: string) {
    this.key = Symbol(what)
  }

  of(container: JsonObject | JsonValue[]): T | undefined {
    return Reflect.get(container, this.key)
  }

  keep(container: JsonObject | JsonValue[], value: T): void {
    Object.defineProperty(container, this.key, { value, configurable: true })
  }
}
