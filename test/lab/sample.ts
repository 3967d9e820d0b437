/** The seed of this run's samples, for the name of a test: `PATCHBAY_TEST_SEED` set to it gives the same. */
export const seed = Number(process.env['PATCHBAY_TEST_SEED'] ?? Date.now() % 1_000_000)

/** Whether nothing is left out. */
export const isWhole = process.env['PATCHBAY_TEST_WHOLE'] !== undefined

/** As many of a list as `count`, chosen by {@link seed}; all of them when `PATCHBAY_TEST_WHOLE` is set. */
export function sampleOf<T>(all: readonly T[], count: number): T[] {
  if (isWhole || all.length <= count) return [...all]
  // One of each stretch of the list, so that no part of it is left out.
  const stretch = all.length / count
  return Array.from({ length: count }, (_, at) => all[Math.floor((at + fraction(at)) * stretch)]).filter(
    (each) => each !== undefined,
  )
}

/** From 0 to 1, another one for each number and each seed. */
function fraction(number: number): number {
  return (Math.imul(seed + 31 * number + 1, 0x9e3779b1) >>> 0) / 2 ** 32
}

/** A list in pieces of that length. */
export function piecesOf<T>(all: readonly T[], length: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / length) }, (_, at) => all.slice(at * length, (at + 1) * length))
}
