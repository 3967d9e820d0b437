import { AttributeList } from './attribute-list.ts'
import { writeAttribute } from './attributes.ts'
import { type Codec, type FixedCodec, readAt } from './codec.ts'

/** A list of attributes of which only the last with one number is read: for one thing deep inside of others. */
export function inside<T>(type: number, codec: Codec<T>): Codec<T | undefined> {
  const readInside = (bytes: Uint8Array, start: number, end: number): T | undefined => {
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
    read: (payload) => readInside(payload, 0, payload.length),
    readAt: readInside,
  }
}

/** An array of which only the element at `index` is read; `undefined` when it is shorter. Those before are written as 0. */
export function element<T>(index: number, codec: FixedCodec<T>): Codec<T | undefined> {
  const offset = index * codec.size
  const readElement = (bytes: Uint8Array, start: number, limit: number): T | undefined => {
    const place = { bytes, start: start + offset, end: start + offset + codec.size }
    return place.end <= limit ? readAt(codec, place) : undefined
  }
  return {
    write(w, value) {
      if (value === undefined) return
      w.zeros(offset)
      codec.write(w, value)
    },
    read: (payload) => readElement(payload, 0, payload.length),
    readAt: readElement,
  }
}
