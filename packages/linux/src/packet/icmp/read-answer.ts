import type { IP } from '@patchbay/address'
import { type Echo, echoTypes, readEcho } from './echo.ts'
import { type Failure, failureOf } from './failure.ts'
import { internetChecksum } from './internet-checksum.ts'
import { readIcmpPacket } from './ip-packet.ts'

/** An echo reply, or the report that an echo request did not arrive. */
export interface Answer {
  /** The request's; of one that did not arrive, perhaps less than all of its data. */
  readonly echo: Echo
  /** Who sent the answer; a raw socket tells of IPv4 only. */
  readonly from?: IP
  /** Where the request was to go and why it did not. */
  readonly failure?: Failure & { readonly destination: IP }
}

/** Type, code, checksum and four bytes that depend on the type stand before the packet that an error quotes. */
const ERROR_HEADER_LENGTH = 8

/**
 * Reads what a raw ICMP socket receives, which is everything that comes to its namespace: an IPv4 packet whole, an
 * ICMPv6 message without what was before it (RFC 3542 §3). `undefined` for all that answers no echo request, and for
 * what cannot be read.
 */
export function readAnswer(version: 4 | 6, received: Uint8Array): Answer | undefined {
  if (version === 6) return readMessage(6, received)
  const packet = readIcmpPacket(4, received)
  // A raw socket gets packets before anyone has looked at the checksum of ICMP.
  if (!packet || internetChecksum(packet.message) !== 0) return undefined
  const answer = readMessage(4, packet.message)
  return answer && { ...answer, from: packet.source }
}

function readMessage(version: 4 | 6, message: Uint8Array): Answer | undefined {
  const { request, reply } = echoTypes[version]
  const echo = readEcho(message, reply)
  if (echo) return { echo }
  const [type = 0, code = 0] = message
  const failure = failureOf(version, type, code)
  const quoted = failure && readIcmpPacket(version, message.subarray(ERROR_HEADER_LENGTH))
  const sent = quoted && readEcho(quoted.message, request)
  return sent && { echo: sent, failure: { ...failure, destination: quoted.destination } }
}
