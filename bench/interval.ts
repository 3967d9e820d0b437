/** What the lane compared with took, and what another lane took, in the same round. */
export interface Pair {
  readonly base: number
  readonly lane: number
}

/** How many times as large the base's values are as the lane's. */
export interface Ratio {
  /** The median of the ratios of all pairs. */
  readonly ratio: number
  /** Holds the true median in 95 of 100 runs; `undefined` for fewer than {@link LEAST_PAIRS} pairs. */
  readonly interval: Interval | undefined
  readonly pairs: number
}

export interface Interval {
  readonly low: number
  readonly high: number
}

/**
 * The true median lies outside of the range of n values once in 2^(n-1) times: more often than once in 20 for five, so that
 * five pairs give no interval of 95 %, however wide.
 */
export const LEAST_PAIRS = 6
const RESAMPLES = 2000
const SEED = 20_260_101

/**
 * The ratio of pairs taken in turn, with its interval by bootstrap: pairs are drawn from the pairs, as many as there are, and
 * the medians of 2,000 such draws show how far the median may be off. The same pairs give the same interval. Pairs are
 * compared in logarithms: half as quick is as far from equal as twice as quick, and `a` compared with `b` is the inverse
 * of `b` compared with `a`.
 * @returns `undefined` when there is no pair
 */
export function ratioOf(pairs: readonly Pair[]): Ratio | undefined {
  if (pairs.length === 0) return undefined
  const logarithms = Float64Array.from(pairs, ({ base, lane }) => Math.log(base / lane)).sort()
  return { ratio: Math.exp(medianOfSorted(logarithms)), interval: intervalOf(logarithms), pairs: pairs.length }
}

function intervalOf(values: Float64Array): Interval | undefined {
  if (values.length < LEAST_PAIRS) return undefined
  const random = randomFrom(SEED)
  const medians = Float64Array.from({ length: RESAMPLES }, () => medianOfSorted(drawn(values, random))).sort()
  const below = Math.floor(RESAMPLES * shareBelow(values.length))
  return { low: Math.exp(medians[below] ?? 0), high: Math.exp(medians[RESAMPLES - 1 - below] ?? 0) }
}

/** As many of the values, some of them several times, sorted. */
function drawn(values: Float64Array, random: () => number): Float64Array {
  return values.map(() => values[Math.floor(random() * values.length)] ?? 0).sort()
}

/** Between two values it is the mean of both. */
function medianOfSorted(values: Float64Array): number {
  const upper = values[values.length >> 1] ?? Number.NaN
  const lower = values[(values.length - 1) >> 1] ?? Number.NaN
  return (lower + upper) / 2
}

/**
 * The share of medians that are left out at each end: 2.5 % for many pairs. For few it is less, because draws from few pairs
 * differ less than the pairs of other runs would: the "expanded percentile interval" of Hesterberg, "What Teachers Should
 * Know About the Bootstrap" (2015).
 */
export function shareBelow(pairs: number): number {
  const freedom = pairs - 1
  // Student's t at 2.5 %, as a series in 1 / freedom; Abramowitz and Stegun, 26.7.5.
  const t = 1.96 + 2.372 / freedom + 2.823 / freedom ** 2
  return aboveNormal(Math.sqrt(pairs / freedom) * t)
}

/** The share of a normal distribution above so many standard deviations. Abramowitz and Stegun, 26.2.18. */
function aboveNormal(deviations: number): number {
  const [a, b, c, d] = [0.196854, 0.115194, 0.000344, 0.019527]
  return (1 + deviations * (a + deviations * (b + deviations * (c + deviations * d)))) ** -4 / 2
}

/** Numbers from 0 up to 1, the same for the same seed. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 747_796_405) + 2_891_336_453) >>> 0
    const mixed = Math.imul((state >>> ((state >>> 28) + 4)) ^ state, 277_803_737)
    return (((mixed >>> 22) ^ mixed) >>> 0) / 2 ** 32
  }
}
