import { AttributeList } from './attribute-list.ts'
import { writeAttribute } from './attributes.ts'
import { type Codec, type FixedCodec, readAt } from './codec.ts'

/** A list of attributes of which only the last with one number is read: for one thing deep inside of others. */
export function nestedAt<T>(type: number, codec: Codec<T>): Codec<T | undefined> {
  const readNested = (bytes: Uint8Array, start: number, end: number): T | undefined => {
    let value: T | undefined
    const list = new AttributeList(bytes, start, end)
    while (list.next()) if (list.type === type) value = readAt(codec, list)
    return value
  }
  return {
    nested: true,
    write(w, value) {
      if (value !== undefined) writeAttribute(w, type, codec, value)
    },
    read: (payload) => readNested(payload, 0, payload.length),
    readAt: readNested,
  }
}

/** An array of which only the item at `index` is read; `undefined` when it is shorter. Those before are written as 0. */
export function arrayItem<T>(index: number, codec: FixedCodec<T>): Codec<T | undefined> {
  const offset = index * codec.size
  const readItem = (bytes: Uint8Array, start: number, limit: number): T | undefined => {
    const location = { bytes, start: start + offset, end: start + offset + codec.size }
    return location.end <= limit ? readAt(codec, location) : undefined
  }
  return {
    write(w, value) {
      if (value === undefined) return
      w.zeros(offset)
      codec.write(w, value)
    },
    read: (payload) => readItem(payload, 0, payload.length),
    readAt: readItem,
  }
}
