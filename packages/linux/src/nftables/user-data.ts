/** What `nft` keeps with an object for itself; the kernel does not look at it. Each part has a number, below 256 bytes. */
export type UserData = ReadonlyMap<number, Uint8Array>

/** The most that an object's user data may be, `<linux/netfilter/nf_tables.h> NFT_USERDATA_MAXLEN`. */
export const NFT_USERDATA_MAXLEN = 256

/** The longest comment that `nft` takes, in bytes. */
export const COMMENT_BYTES = 128

/** The parts, as far as their lengths fit. */
export function readUserData(bytes: Uint8Array): UserData {
  const parts = new Map<number, Uint8Array>()
  for (let offset = 0; bytes.length - offset >= 2; ) {
    const [type = 0, length = 0] = bytes.subarray(offset, offset + 2)
    if (offset + 2 + length > bytes.length) break
    parts.set(type, bytes.subarray(offset + 2, offset + 2 + length))
    offset += 2 + length
  }
  return parts
}

/** @throws RangeError when the parts exceed what the kernel takes */
export function writeUserData(parts: Iterable<readonly [type: number, value: Uint8Array]>): Uint8Array {
  const bytes: number[] = []
  for (const [type, value] of parts) bytes.push(type, value.length, ...value)
  if (bytes.length > NFT_USERDATA_MAXLEN)
    throw new RangeError(`Cannot encode ${bytes.length} bytes of user data: more than ${NFT_USERDATA_MAXLEN}`)
  return Uint8Array.from(bytes)
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/**
 * A comment as a part of user data: text with a NUL behind it.
 *
 * @throws RangeError for more than {@link COMMENT_BYTES}, and for a NUL in it
 */
export function writeComment(comment: string): Uint8Array {
  const bytes = encoder.encode(`${comment}\0`)
  if (bytes.length > COMMENT_BYTES + 1)
    throw new RangeError(`Cannot encode a comment of ${bytes.length - 1} bytes: more than ${COMMENT_BYTES}`)
  if (bytes.indexOf(0) !== bytes.length - 1)
    throw new RangeError(`Cannot encode ${JSON.stringify(comment)}: text with a NUL in it`)
  return bytes
}

export function readComment(part: Uint8Array): string {
  const end = part.indexOf(0)
  return decoder.decode(end < 0 ? part : part.subarray(0, end))
}

/** The number of the comment in the user data of tables, chains, rules, objects and elements; sets have another. */
const COMMENT = 0

/** User data that is a comment and nothing else. */
export function commentData(comment: string | undefined): Uint8Array | undefined {
  return comment === undefined ? undefined : writeUserData([[COMMENT, writeComment(comment)]])
}

/** The comment in user data, if there is one. */
export function commentOf(userdata: Uint8Array | undefined): string | undefined {
  const part = userdata && readUserData(userdata).get(COMMENT)
  return part && readComment(part)
}
