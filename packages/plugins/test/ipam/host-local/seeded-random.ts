/** Reproducible random values (the generator is Marsaglia's xorshift32). */
export class SeededRandom {
  #state: number

  constructor(seed: number) {
    // Multiplying by an odd constant spreads neighbouring seeds; xorshift cannot leave a state of 0.
    this.#state = Math.imul(seed, 0x9e3779b1) >>> 0 || 1
    this.below(1)
  }

  /** A whole number from 0 to `limit - 1`. */
  below(limit: number): number {
    let state = this.#state
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    this.#state = state >>> 0
    return Math.floor((this.#state / 2 ** 32) * limit)
  }

  chance(percent: number): boolean {
    return this.below(100) < percent
  }

  pick<T>(values: readonly T[]): T {
    const value = values[this.below(values.length)]
    if (value === undefined) throw new RangeError('Cannot pick a value: the list is empty')
    return value
  }
}

/**
 * Runs `property` with many random sources and names the seed of the one that failed; `PATCHBAY_TEST_SEED` set to it
 * makes that run the first.
 */
export function forAll(property: (random: SeededRandom) => void, runs = 3000): void {
  for (const seed of seeds(runs)) {
    try {
      property(new SeededRandom(seed))
    } catch (cause) {
      throw failureOf(seed, cause)
    }
  }
}

/** Like {@link forAll}, for a property that has to be waited for. */
export async function forAllAsync(property: (random: SeededRandom) => Promise<void>, runs = 3000): Promise<void> {
  for (const seed of seeds(runs)) {
    try {
      await property(new SeededRandom(seed))
    } catch (cause) {
      throw failureOf(seed, cause)
    }
  }
}

function seeds(runs: number): number[] {
  const { PATCHBAY_TEST_SEED = Date.now() % 2 ** 31 } = process.env
  return Array.from({ length: runs }, (_, run) => Number(PATCHBAY_TEST_SEED) + run)
}

function failureOf(seed: number, cause: unknown): Error {
  return new Error(`PATCHBAY_TEST_SEED=${seed}: ${cause instanceof Error ? cause.message : cause}`, { cause })
}
