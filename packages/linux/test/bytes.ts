import { Writer } from '../src/netlink/raw.ts'

/** The bytes that pairs of hexadecimal digits stand for; white space separates what the reader likes. */
export function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex.replace(/\s+/g, ''), 'hex'))
}

/** Pairs of digits, in groups of four bytes: `0a000100 01020304 05`. */
export function hexOf(bytes: Uint8Array): string {
  return (
    Buffer.from(bytes)
      .toString('hex')
      .match(/.{1,8}/g) ?? []
  ).join(' ')
}

/** Something that writes values of one type. */
interface Encoder<T> {
  write(w: Writer, value: T): void
}

/** What a codec writes for a value, on a buffer so short that it must grow. */
export function encoded<T>(codec: Encoder<T>, value: NoInfer<T>): Uint8Array {
  const w = new Writer(1)
  codec.write(w, value)
  return w.finish().slice()
}

/** {@link encoded} as text of {@link hexOf}. */
export function encodedHex<T>(codec: Encoder<T>, value: NoInfer<T>): string {
  return hexOf(encoded(codec, value))
}
