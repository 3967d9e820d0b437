import { type IP, IPv4, IPv6 } from '@patchbay/address'

/** An IP packet that carries ICMP, taken apart as far as an answer to an echo request needs. */
export interface IcmpPacket {
  readonly source: IP
  readonly destination: IP
  /** The ICMP message; the beginning of it where an error quotes the packet. */
  readonly message: Uint8Array
}

const PROTOCOL = { 4: 1, 6: 58 } as const
const SHORTEST_HEADER = { 4: 20, 6: 40 } as const

/**
 * Reads a packet (RFC 791 §3.1, RFC 8200 §3). `undefined` for one that carries something else, for one with IPv6
 * extension headers, and for one whose header is cut short.
 */
export function readIcmpPacket(version: 4 | 6, packet: Uint8Array): IcmpPacket | undefined {
  const [first = 0] = packet
  if (packet.length < SHORTEST_HEADER[version] || first >> 4 !== version) return undefined
  if (packet[version === 4 ? 9 : 6] !== PROTOCOL[version]) return undefined
  if (version === 6) {
    const [source, destination] = [packet.subarray(8, 24), packet.subarray(24, 40)]
    return {
      source: IPv6.fromBytes(source),
      destination: IPv6.fromBytes(destination),
      message: packet.subarray(SHORTEST_HEADER[6]),
    }
  }
  const headerLength = 4 * (first & 15)
  if (headerLength < SHORTEST_HEADER[4]) return undefined
  const [source, destination] = [packet.subarray(12, 16), packet.subarray(16, 20)]
  return {
    source: IPv4.fromBytes(source),
    destination: IPv4.fromBytes(destination),
    message: packet.subarray(headerLength),
  }
}
