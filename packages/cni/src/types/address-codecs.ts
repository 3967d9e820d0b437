import { CIDR, type IP, MAC, parseIP } from '@patchbay/address'
import { type Codec, text } from '../json/index.ts'

/** Reads an address, `undefined` for empty text. Throws SyntaxError `invalid IP address: zzz`. */
export function parseOptionalIP(address: string): IP | undefined {
  return address === '' ? undefined : parseIP(address)
}

/** An address as text. Empty text means absent; errors: `invalid IP address: zzz`. */
export const ip: Codec<IP> = text('net.IP', parseOptionalIP)

/** An address with a prefix length as text; host bits are kept. Errors: `invalid CIDR address: zzz`. */
export const cidr: Codec<CIDR> = text('string', (address) => CIDR.parse(address))

/** A hardware address as text. Empty text means absent; errors: what {@link MAC.parse} throws. */
export const mac: Codec<MAC> = text('string', (address) => (address === '' ? undefined : MAC.parse(address)))
