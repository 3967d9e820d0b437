import { CIDR, type IP, MAC, parseIP } from '@patchbay/address'
import { type Codec, text } from '../json/index.ts'

/** Reads an address, where empty text says that there is none. Throws SyntaxError `invalid IP address: zzz`. */
export function parseOptionalIP(address: string): IP | undefined {
  return address === '' ? undefined : parseIP(address)
}

/** An address as text. Empty text is "not said"; errors: `invalid IP address: zzz`. */
export const ip: Codec<IP> = text('net.IP', parseOptionalIP)

/** An address with a prefix length as text; host bits are kept. Errors: `invalid CIDR address: zzz`. */
export const cidr: Codec<CIDR> = text('string', (address) => CIDR.parse(address))

/** A hardware address as text. Empty text is "not said"; errors: what {@link MAC.parse} throws. */
export const mac: Codec<MAC> = text('string', (address) => (address === '' ? undefined : MAC.parse(address)))
