const DOT = 46
const ZERO = 48

/** Of an octet none of whose digits has been read. */
const NONE = -1

/**
 * The unsigned 32-bit value of a dotted quad, `undefined` for any other text. RFC 6943 section 3.1.1 "strict" form: an
 * octet never has a leading zero, which C libraries would read as octal.
 */
export function parseIPv4Value(text: string): number | undefined {
  let value = 0
  let dots = 0
  let octet = NONE
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === DOT && octet !== NONE) {
      value = value * 256 + octet
      octet = NONE
      dots++
    } else {
      octet = withDigit(octet, code - ZERO)
      if (octet === NONE) return undefined
    }
  }
  return dots === 3 && octet !== NONE ? value * 256 + octet : undefined
}

/** An octet with one more digit, `NONE` when that makes no octet. */
function withDigit(octet: number, digit: number): number {
  if (digit < 0 || digit > 9 || octet === 0) return NONE
  const longer = octet === NONE ? digit : octet * 10 + digit
  return longer > 255 ? NONE : longer
}

/** The dotted quad of an unsigned 32-bit value. */
export function formatIPv4Value(value: number): string {
  return `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}`
}
