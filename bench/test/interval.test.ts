import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Pair, randomFrom, ratioOf, shareBelow } from '../interval.ts'

const pairsOf = (...ratios: readonly number[]): Pair[] => ratios.map((ratio) => ({ base: ratio * 3, lane: 3 }))

function close(actual: number | undefined, expected: number, tolerance = 1e-9): void {
  assert.ok(actual !== undefined && Math.abs(actual - expected) < tolerance, `${actual} is not ${expected}`)
}

test('ratioOf() is the median of the ratios of pairs, between two of them the geometric mean', () => {
  close(ratioOf(pairsOf(5, 2, 40))?.ratio, 5)
  close(ratioOf(pairsOf(1, 2, 8, 100))?.ratio, 4)
  assert.equal(ratioOf([]), undefined)
})

test('ratioOf() is not misled by a machine that becomes slower in between: both of a pair are slower', () => {
  const slowness = [1, 1, 1, 2, 3, 5, 8, 13, 21]
  const { ratio, interval } = ratioOf(slowness.map((slow) => ({ base: 8 * slow, lane: 2 * slow }))) ?? {}
  close(ratio, 4)
  close(interval?.low, 4)
  close(interval?.high, 4)
})

test('ratioOf() the other way round is the inverse, with its interval', () => {
  const pairs = pairsOf(2, 3, 4, 4.5, 5, 7, 9, 11)
  const there = ratioOf(pairs)
  const back = ratioOf(pairs.map(({ base, lane }) => ({ base: lane, lane: base })))
  close(back?.ratio, 1 / (there?.ratio ?? 0))
  // Other draws: the ends are values of the pairs, or the middle of two.
  close(Math.log(back?.interval?.low ?? 0), -Math.log(there?.interval?.high ?? 0), 0.25)
})

test('ratioOf() gives no interval for five pairs, and for six the whole range', () => {
  assert.equal(ratioOf(pairsOf(1, 2, 3, 4, 5))?.interval, undefined)
  const { low, high } = ratioOf(pairsOf(1, 2, 3, 4, 5, 6))?.interval ?? {}
  // The median of six draws is 1 in more than 0.2 % of draws (B(6, 1/6) of 4 or more: 0.87 %), which is what is left out.
  close(low, 1)
  close(high, 6)
})

test('ratioOf() gives the same interval for the same pairs, in whatever order', () => {
  const pairs = pairsOf(2, 3, 4, 4.5, 5, 7, 9, 11)
  assert.deepEqual(ratioOf(pairs), ratioOf(pairs.toReversed()))
})

test('shareBelow() is what tables of Student and Gauss say, and 2.5 % in the end', () => {
  // t(6) = 2.447, times the root of 7/6: 2.643, above which are 0.41 % of a normal distribution.
  close(shareBelow(7), 0.0041, 0.0005)
  close(shareBelow(30), 0.0187, 0.0005)
  close(shareBelow(100_000), 0.025, 0.0003)
})

test('the interval holds the true ratio in about 95 of 100 runs, also of skewed times on a machine whose speed changes', () => {
  const random = randomFrom(7)
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
  const noises = {
    normal: () => 0.2 * normal(),
    // Of a median of 0.
    skewed: () => 0.3 * (-Math.log(1 - random()) - Math.LN2),
  }
  for (const [name, noise] of Object.entries(noises))
    for (const pairs of [7, 15, 30]) {
      const runs = 200
      const hits = Array.from({ length: runs }, () => {
        const samples = Array.from({ length: pairs }, () => {
          const speed = Math.exp(normal())
          return { base: 4 * speed * Math.exp(noise()), lane: speed }
        })
        const { low = 0, high = 0 } = ratioOf(samples)?.interval ?? {}
        return low <= 4 && high >= 4
      }).filter(Boolean).length
      // Of 200 runs with 95 %, 179 and fewer hits come once in 1,000 times.
      assert.ok(hits >= 179, `${name}, ${pairs} pairs: ${hits} of ${runs}`)
    }
})

test('the interval is as narrow as it can be: of a large sample it holds a value that is 10 % off hardly ever', () => {
  const random = randomFrom(11)
  const pairs = Array.from({ length: 400 }, () => ({ base: 4 * Math.exp(0.2 * (random() - 0.5)), lane: 1 }))
  const { low, high } = ratioOf(pairs)?.interval ?? {}
  assert.ok(low !== undefined && high !== undefined && low > 3.6 && high < 4.4, `${low} ${high}`)
})

test('randomFrom() gives numbers from 0 up to 1, evenly, and the same for the same seed', () => {
  const numbers = Array.from({ length: 10_000 }, randomFrom(1))
  const tenths = Array.from({ length: 10 }, (_, at) => numbers.filter((each) => Math.floor(each * 10) === at).length)
  assert.ok(
    tenths.every((each) => each > 880 && each < 1120),
    `${tenths}`,
  )
  assert.deepEqual(Array.from({ length: 10 }, randomFrom(1)), numbers.slice(0, 10))
})
