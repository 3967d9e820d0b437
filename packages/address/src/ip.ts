import { IPv4, parseIPv4Value } from './ipv4.ts'
import { IPv6, mappedIPv4Value, parseIPv6Groups, readIPv6Groups } from './ipv6.ts'

/** An address of either family; `family` tells which. */
export type IP = IPv4 | IPv6

/**
 * Reads a dotted quad or an IPv6 text (RFC 4291 section 2.2). The IPv4-mapped form (`::ffff:10.0.0.1`) gives the
 * IPv4 address. Leading zeros in an octet, zones, and white space are refused.
 *
 * @throws {SyntaxError} `invalid IP address: <text>`
 */
export function parseIP(text: string): IP {
  const ip = tryParseIP(text)
  if (!ip) throw new SyntaxError(`invalid IP address: ${text}`)
  return ip
}

/** As {@link parseIP}, but `undefined` for text that is no address. */
export function tryParseIP(text: string): IP | undefined {
  if (text.includes(':')) {
    const groups = parseIPv6Groups(text)
    return groups && fromGroups(groups)
  }
  const value = parseIPv4Value(text)
  return value === undefined ? undefined : IPv4.fromNumber(value)
}

/**
 * Reads an address in network byte order: 4 bytes are IPv4, 16 are IPv6 or, in the IPv4-mapped block, IPv4.
 *
 * @throws {RangeError} for any other number of bytes
 */
export function ipFromBytes(bytes: Uint8Array): IP {
  if (bytes.length === 4) return IPv4.fromBytes(bytes)
  if (bytes.length !== 16) throw new RangeError(`Cannot make an IP address of ${bytes.length} bytes: not 4 or 16`)
  return fromGroups(readIPv6Groups(bytes))
}

function fromGroups(groups: readonly number[]): IP {
  const value = mappedIPv4Value(groups)
  return value === undefined ? IPv6.fromGroups(groups) : IPv4.fromNumber(value)
}
