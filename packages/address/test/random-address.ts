import type { SeededRandom } from './seeded-random.ts'

/** A dotted quad; octets at the ends of their range are frequent. */
export function randomIPv4(random: SeededRandom): string {
  return Array.from({ length: 4 }, () => (random.chance(30) ? random.pick([0, 1, 254, 255]) : random.below(256))).join(
    '.',
  )
}

/** Eight groups that are not an IPv4-mapped address; zero groups are frequent. */
export function randomGroups(random: SeededRandom): number[] {
  const groups = Array.from({ length: 8 }, () =>
    random.chance(50) ? random.pick([0, 0, 0, 1, 0xffff]) : random.below(0x10000) >>> random.below(16),
  )
  const mapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff
  return mapped ? randomGroups(random) : groups
}

/** A piece worth nothing: `0`, `0000`, `0.0.0.0`. */
const ZERO = /^[0.]+$/

/** One of the many texts of the groups: any case, padding, run under `::`, and tail as a dotted quad. */
export function randomIPv6(random: SeededRandom, groups: readonly number[] = randomGroups(random)): string {
  const pieces = groups.map((group) => {
    const hex = group.toString(16).padStart(random.chance(20) ? random.below(4) + 1 : 1, '0')
    return random.chance(50) ? hex.toUpperCase() : hex
  })
  if (random.chance(20)) {
    const [high = 0, low = 0] = groups.slice(6)
    pieces.splice(6, 2, [high >>> 8, high & 255, low >>> 8, low & 255].join('.'))
  }
  const start = random.below(pieces.length)
  let end = start
  while (end < pieces.length && ZERO.test(pieces[end] ?? '') && (end === start || random.chance(80))) end++
  if (end === start) return pieces.join(':')
  return `${pieces.slice(0, start).join(':')}::${pieces.slice(end).join(':')}`
}

/** The text after up to three small accidents: a character lost, inserted, or exchanged for another. */
export function damaged(random: SeededRandom, text: string): string {
  let result = text
  for (let accidents = random.below(4); accidents > 0; accidents--) {
    const place = random.below(result.length + 1)
    const lost = random.below(2)
    const inserted = random.chance(70) ? random.pick([...'0123456789abcdefABCDEFgx.:::.%/ -']) : ''
    result = result.slice(0, place) + inserted + result.slice(place + lost)
  }
  return result
}
