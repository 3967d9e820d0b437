import { internetChecksum } from './internet-checksum.ts'

/** What an echo request says and its reply repeats (RFC 792 "Echo or Echo Reply Message", RFC 4443 §4.1). */
export interface Echo {
  /** Tells one sender's requests from another's: 16 bits. */
  readonly identifier: number
  /** Tells one request from the next: 16 bits. */
  readonly sequence: number
  readonly data: Uint8Array
}

/** Type, code, checksum, identifier, sequence number. */
const ECHO_HEADER_LENGTH = 8

/** Types of the two messages, by IP version. */
export const echoTypes = { 4: { request: 8, reply: 0 }, 6: { request: 128, reply: 129 } } as const

/**
 * The message that asks for an echo. The checksum of ICMPv6 covers the addresses, which only the kernel knows: it fills
 * it in (RFC 3542 §3.1).
 */
export function writeEchoRequest(version: 4 | 6, { identifier, sequence, data }: Echo): Uint8Array {
  const bytes = new Uint8Array(ECHO_HEADER_LENGTH + data.length)
  const view = new DataView(bytes.buffer)
  view.setUint8(0, echoTypes[version].request)
  view.setUint16(4, identifier)
  view.setUint16(6, sequence)
  bytes.set(data, ECHO_HEADER_LENGTH)
  if (version === 4) view.setUint16(2, internetChecksum(bytes))
  return bytes
}

/** The echo that a message of type `type` carries; `undefined` for one of another type and one cut short. */
export function readEcho(message: Uint8Array, type: number): Echo | undefined {
  if (message.length < ECHO_HEADER_LENGTH || message[0] !== type) return undefined
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength)
  return { identifier: view.getUint16(4), sequence: view.getUint16(6), data: message.slice(ECHO_HEADER_LENGTH) }
}
