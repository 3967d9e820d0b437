import { DecodeError } from '../netlink/index.ts'
import { align, Writer } from '../netlink/raw.ts'
import type { DataType } from './data-types.ts'

/** Any type. */
// biome-ignore lint/suspicious/noExplicitAny: the value types are recovered by `KeyValue` below
export type AnyType = DataType<any>

/** What a key is made of: one type of value, or a concatenation of several. */
export type KeyType = AnyType | readonly AnyType[]

/** The value of a key: of one type that type's, of a concatenation a tuple. */
export type KeyValue<K> = K extends DataType<infer T> ? T : { readonly [I in keyof K]: KeyValue<K[I]> }

/** How many bits of a type number each part of a concatenation takes. */
const TYPE_BITS = 6

/** The parts: one, or those of a concatenation. */
export function partsOf(type: KeyType): readonly AnyType[] {
  return isConcatenation(type) ? type : [type]
}

export function isConcatenation(type: KeyType): type is readonly AnyType[] {
  return Array.isArray(type)
}

/** The number by which `nft` knows the type again. */
export function keyTypeNumber(type: KeyType): number {
  return partsOf(type).reduce((number, part) => ((number << TYPE_BITS) | part.type) >>> 0, 0)
}

/** Bytes. The parts of a concatenation begin at multiples of four. */
export function keyLength(type: KeyType): number {
  return isConcatenation(type) ? type.reduce((sum, part) => sum + align(part.codec.size), 0) : type.codec.size
}

/** @throws RangeError for a value that the type does not have */
export function keyBytes<K extends KeyType>(type: K, value: KeyValue<K>): Uint8Array {
  const w = new Writer(32)
  if (!isConcatenation(type)) type.codec.write(w, value)
  else
    type.forEach((part, index) => {
      part.codec.write(w, (value as readonly unknown[])[index])
      w.pad()
    })
  return w.finish()
}

/** @throws DecodeError for fewer bytes than a value of the type has */
export function readKey<K extends KeyType>(type: K, bytes: Uint8Array): KeyValue<K> {
  if (bytes.length < keyLength(type)) throw new DecodeError('', `a key of ${bytes.length} bytes`)
  // The type says what its codecs read; the compiler cannot follow that through the table.
  if (!isConcatenation(type)) return type.codec.read(bytes) as KeyValue<K>
  let offset = 0
  return type.map(({ codec }) => {
    const part = codec.read(bytes.subarray(offset, offset + codec.size))
    offset += align(codec.size)
    return part
  }) as KeyValue<K>
}
