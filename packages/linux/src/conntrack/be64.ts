import { DecodeError, type FixedCodec } from '../netlink/index.ts'

const LARGEST = 0xffffffffffffffffn

/** Unsigned, eight bytes, network byte order. */
export const be64: FixedCodec<bigint> = {
  size: 8,
  write(w, value) {
    if (value < 0n || value > LARGEST) throw new RangeError(`Cannot encode ${value}: not an unsigned 64-bit integer`)
    const bytes = new Uint8Array(8)
    new DataView(bytes.buffer).setBigUint64(0, value)
    w.bytes(bytes)
  },
  read(payload) {
    if (payload.length !== 8) throw new DecodeError('', `${payload.length} bytes instead of 8`)
    return new DataView(payload.buffer, payload.byteOffset, 8).getBigUint64(0)
  },
}
