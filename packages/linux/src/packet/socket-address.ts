import { endianness } from 'node:os'
import type { IP } from '@patchbay/address'

/** `<sys/socket.h>` */
export const AF_INET = 2
export const AF_INET6 = 10

/** What an address of a socket says beside the IP address. */
export interface SocketAddressOptions {
  /** TCP or UDP port; 0 by default. */
  port?: number
  /** Index of the link that a link-local IPv6 address is meant on. */
  index?: number | undefined
}

/** An address as connect(2) and bind(2) take it: `struct sockaddr_in` of ip(7) or `struct sockaddr_in6` of ipv6(7). */
export function writeSocketAddress(ip: IP, { port = 0, index = 0 }: SocketAddressOptions = {}): Uint8Array {
  const littleEndian = endianness() === 'LE'
  const bytes = new Uint8Array(ip.family === 4 ? 16 : 28)
  const view = new DataView(bytes.buffer)
  view.setUint16(0, ip.family === 4 ? AF_INET : AF_INET6, littleEndian)
  view.setUint16(2, port)
  bytes.set(ip.bytes, ip.family === 4 ? 4 : 8)
  if (ip.family === 6) view.setUint32(24, index, littleEndian)
  return bytes
}
