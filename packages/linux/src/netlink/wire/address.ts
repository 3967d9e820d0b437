import { type IP, ipFromBytes, MAC } from '@patchbay/address'
import { type Bytes, type Codec, DecodeError } from './codec.ts'

/**
 * An IPv4 or IPv6 address: four or sixteen bytes. Sixteen bytes of the IPv4-mapped block have no value of their own and
 * stay as they are; routing tables that make the block unreachable hold such.
 */
export const ip: Codec<IP | undefined> = {
  write(w, value) {
    if (value) w.bytes(value.bytes)
  },
  read(payload) {
    if (payload.length !== 4 && payload.length !== 16)
      throw new DecodeError('', `an address of ${payload.length} bytes`)
    const value = ipFromBytes(payload)
    return value.bits === payload.length * 8 ? value : undefined
  },
}

/** A hardware address. Links that are no Ethernet have ones of other lengths, none at all included. */
export const mac: Codec<MAC | Bytes> = {
  write: (w, value) => w.bytes(value instanceof Uint8Array ? value : value.bytes),
  read: (payload) => (payload.length === 6 ? MAC.fromBytes(payload) : payload),
}
