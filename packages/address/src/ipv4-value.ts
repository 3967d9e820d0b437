/** RFC 6943 section 3.1.1 "strict" form: an octet never has a leading zero, which C libraries would read as octal. */
const DOTTED_QUAD = /^(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})$/

/** The unsigned 32-bit value of a dotted quad, `undefined` for any other text. */
export function parseIPv4Value(text: string): number | undefined {
  const match = DOTTED_QUAD.exec(text)
  if (!match) return undefined
  let value = 0
  for (const octet of match.slice(1).map(Number)) {
    if (octet > 255) return undefined
    value = value * 256 + octet
  }
  return value
}

/** The dotted quad of an unsigned 32-bit value. */
export function formatIPv4Value(value: number): string {
  return `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}`
}
