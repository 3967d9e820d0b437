import { createHash } from 'node:crypto'

const HASH_DIGITS = 16

/**
 * Fits a name into a place that takes only so many bytes: file names, comments and chains of the kernel. A name that fits stays
 * as it is. Of any other, the beginning stays, never with a part of a character, and behind it come a hyphen and the first 16
 * digits of the SHA-512 of the whole name, so that two names that begin alike stay two. A name gives the same text every time.
 *
 * @param maxBytes more than 17
 */
export function shortenedName(name: string, maxBytes: number): string {
  const bytes = Buffer.from(name)
  if (bytes.length <= maxBytes) return name
  let end = maxBytes - HASH_DIGITS - 1
  while (isInsideCharacter(bytes[end])) end--
  return `${bytes.subarray(0, end)}-${createHash('sha512').update(name).digest('hex').slice(0, HASH_DIGITS)}`
}

/** Of UTF-8: whether a byte continues a character. */
function isInsideCharacter(byte: number | undefined): boolean {
  return byte !== undefined && byte >> 6 === 0b10
}
