import type { JsonValue } from '../../src/json/index.ts'

/** A small generator of repeatable random numbers: mulberry32. */
export class Random {
  readonly seed: number
  #state: number

  constructor(seed: number) {
    this.seed = seed
    this.#state = seed
  }

  /** A whole number from 0 to below `limit`. */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit
  }

  pick<T>(choices: readonly T[]): T {
    const choice = choices[this.below(choices.length)]
    if (choice === undefined) throw new RangeError('Cannot pick: no choices')
    return choice
  }

  list<T>(make: () => T, most = 4): T[] {
    return Array.from({ length: this.below(most + 1) }, make)
  }

  text(): string {
    return this.list(
      () => this.pick([...'ab"\\/\b\f\n\r\t\u0000\u001f\u007f <>&\u2028\u00e9\uffff', '\u{1f600}']),
      8,
    ).join('')
  }

  json(depth = 4): JsonValue {
    const kind = this.below(depth > 0 ? 8 : 6)
    if (kind === 0) return null
    if (kind === 1) return this.below(2) === 0
    if (kind <= 3) return this.text()
    if (kind === 4) return this.below(2 ** 32) - 2 ** 31
    if (kind === 5) return (this.below(2 ** 32) - 2 ** 31) * 10 ** (this.below(60) - 30)
    if (kind === 6) return this.list(() => this.json(depth - 1))
    return Object.fromEntries(this.list(() => [this.pick(['__proto__', this.text()]), this.json(depth - 1)]))
  }
}

/** Runs a property with many seeds; a failure says which. */
export function forSeeds(count: number, property: (random: Random) => void): void {
  for (let seed = 1; seed <= count; seed++) {
    try {
      property(new Random(seed))
    } catch (error) {
      throw new Error(`Seed ${seed}: ${error instanceof Error ? error.message : error}`, { cause: error })
    }
  }
}
