import { type IP, IPv4, IPv6, MAC } from '@patchbay/address'
import { type Codec, DecodeError } from './codec.ts'

/** An IPv4 or IPv6 address: four or sixteen bytes. */
export const ip: Codec<IP> = {
  write: (w, value) => w.bytes(value.bytes),
  read(payload) {
    if (payload.length === 4) return IPv4.fromBytes(payload)
    if (payload.length === 16) return IPv6.fromBytes(payload)
    throw new DecodeError('', `an address of ${payload.length} bytes`)
  },
}

/** A hardware address. Links that are no Ethernet have ones of other lengths, none at all included. */
export const mac: Codec<MAC | Uint8Array> = {
  write: (w, value) => w.bytes(value instanceof MAC ? value.bytes : value),
  read: (payload) => (payload.length === 6 ? MAC.fromBytes(payload) : payload),
}
