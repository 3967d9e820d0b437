/**
 * The Internet checksum: the ones' complement of the ones' complement sum of all 16-bit words in network byte order,
 * an odd byte at the end filled up with zeros (RFC 1071 §1). Over bytes that hold their own checksum it is 0.
 */
export function internetChecksum(bytes: Uint8Array): number {
  let sum = 0
  for (let at = 0; at < bytes.length; at += 2) {
    sum += ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)
    if (sum > 0xffff) sum -= 0xffff
  }
  return ~sum & 0xffff
}
