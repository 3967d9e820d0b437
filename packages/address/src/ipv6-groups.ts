import { parseIPv4Value } from './ipv4-value.ts'

const GROUP = /^[0-9a-f]{1,4}$/i

/**
 * The eight 16-bit groups of an IPv6 text (RFC 4291 section 2.2), `undefined` for any other text. `::` may stand for
 * one group or more, a dotted quad for the last two; a zone (RFC 4007 section 11) is not part of an address.
 */
export function parseIPv6Groups(text: string): number[] | undefined {
  const [left = '', right, ...excess] = text.split('::')
  if (excess.length > 0) return undefined
  if (right === undefined) {
    const groups = parsePieces(left, { last: true })
    return groups?.length === 8 ? groups : undefined
  }
  const head = parsePieces(left, { last: false })
  const tail = parsePieces(right, { last: true })
  if (!head || !tail || head.length + tail.length > 7) return undefined
  return [...head, ...new Array<number>(8 - head.length - tail.length).fill(0), ...tail]
}

/** Groups of colon-separated pieces; only the `last` run of an address may end in a dotted quad. */
function parsePieces(text: string, { last }: { last: boolean }): number[] | undefined {
  const groups: number[] = []
  const pieces = text === '' ? [] : text.split(':')
  for (const [index, piece] of pieces.entries()) {
    if (GROUP.test(piece)) {
      groups.push(Number.parseInt(piece, 16))
      continue
    }
    const value = last && index === pieces.length - 1 ? parseIPv4Value(piece) : undefined
    if (value === undefined) return undefined
    groups.push(value >>> 16, value & 0xffff)
  }
  return groups
}

/** The eight groups of 16 bytes in network byte order. */
export function readIPv6Groups(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, 16)
  const groups: number[] = []
  for (let offset = 0; offset < 16; offset += 2) groups.push(view.getUint16(offset))
  return groups
}

/** The 16 bytes of eight groups in network byte order. */
export function writeIPv6Groups(groups: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(16)
  const view = new DataView(bytes.buffer)
  for (const [index, group] of groups.entries()) view.setUint16(2 * index, group)
  return bytes
}

/** The text of eight groups in the form of RFC 5952 section 4. */
export function formatIPv6Groups(groups: readonly number[]): string {
  const hex = groups.map((group) => group.toString(16))
  const { start, length } = longestZeroRun(groups)
  if (length < 2) return hex.join(':')
  return `${hex.slice(0, start).join(':')}::${hex.slice(start + length).join(':')}`
}

/** The first of the longest runs of zero groups (RFC 5952 section 4.2.3). */
function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let longest = { start: 0, length: 0 }
  let length = 0
  for (const [index, group] of groups.entries()) {
    length = group === 0 ? length + 1 : 0
    if (length > longest.length) longest = { start: index - length + 1, length }
  }
  return longest
}

/** The IPv4 value of groups in `::ffff:0:0/96` (RFC 4291 section 2.5.5.2), `undefined` for any other groups. */
export function mappedIPv4Value(groups: readonly number[]): number | undefined {
  const [a, b, c, d, e, marker, high = 0, low = 0] = groups
  const mapped = a === 0 && b === 0 && c === 0 && d === 0 && e === 0 && marker === 0xffff
  return mapped ? high * 65536 + low : undefined
}
