import { AttributeList, attributesOf } from './attribute-list.ts'
import { type Attributes, type AttributesCodec, attr, type Entry, type Table, writeAttribute } from './attributes.ts'
import { type Codec, readWithin, wholeOf } from './codec.ts'
import { binary, string } from './scalar.ts'

// biome-ignore lint/suspicious/noExplicitAny: the value types are recovered by `Variant` below
type Kinds = Record<string, Codec<any>>

/**
 * Two attributes of which the first says how the second is laid out: `IFLA_INFO_KIND` and `IFLA_INFO_DATA`,
 * `TCA_KIND` and `TCA_OPTIONS`. A kind that is not in the table keeps its data as bytes.
 */
export type Variant<K extends Kinds> =
  | { [Name in keyof K & string]: { kind: Name; data?: K[Name] extends Codec<infer T> ? T : never } }[keyof K & string]
  | UnknownKind

/** A kind that the table does not know: its name, and its data as the kernel lays it out. */
export interface UnknownKind {
  kind: 'other'
  name: string
  /** Only kinds of the table have data; this lets it be asked for once `kind` has been compared. */
  data?: never
  bytes?: Uint8Array
}

/** The pair of attributes `kindType` (text) and `dataType` (laid out as `kinds` says for that text). */
export function variant<K extends Kinds>(kindType: number, dataType: number, kinds: K): Entry<Variant<K>> {
  return {
    types: [kindType, dataType],
    write(w, value: { kind: string; name?: string; data?: unknown; bytes?: Uint8Array }) {
      const { kind, name = kind, data, bytes } = value
      writeAttribute(w, kindType, string, name)
      const codec = kinds[kind]
      if (codec && data !== undefined) writeAttribute(w, dataType, codec, data)
      else if (bytes) writeAttribute(w, dataType, binary, bytes)
    },
    read(list) {
      const kindPayload = list.last(kindType)
      if (!kindPayload) return undefined
      const kind = string.read(kindPayload)
      const payload = list.last(dataType)
      const codec = Object.hasOwn(kinds, kind) ? kinds[kind] : undefined
      if (!codec) return { kind: 'other', name: kind, ...(payload && { bytes: payload }) }
      if (!payload) return { kind } as Variant<K>
      return { kind, data: readWithin('data', codec, wholeOf(payload)) } as Variant<K>
    },
    locate(attribute, siblings, offset) {
      if (attribute.type !== dataType) return ['kind']
      if (offset < 0) return ['data']
      for (const sibling of attributesOf(siblings)) {
        if (sibling.type !== kindType) continue
        return ['data', ...(kinds[string.read(sibling.payload)]?.locate?.(attribute.payload, offset) ?? [])]
      }
      return ['data']
    },
  }
}

/**
 * Of a {@link variant}, what kind it is, without its data: the same values as far as they go. `kinds` are the names of its
 * table.
 */
export function kindOf<K extends string>(kindType: number, kinds: Readonly<Record<K, unknown>>): Entry<KindOf<K>> {
  return attr(kindType, {
    write: (w, value) => string.write(w, 'name' in value ? value.name : value.kind),
    read(payload) {
      const kind = string.read(payload)
      // The name has been found in the table.
      return Object.hasOwn(kinds, kind) ? { kind: kind as K } : { kind: 'other', name: kind }
    },
  })
}

/** What {@link kindOf} reads. */
export type KindOf<K extends string> = { kind: K } | { kind: 'other'; name: string }

/** An array of attributes that all have one number: `IFLA_PROP_LIST`, `NFTA_LIST_ELEM`. */
export function list<T>(elementType: number, codec: Codec<T>): Codec<T[]> {
  return {
    nested: true,
    write(w, values) {
      for (const value of values) writeAttribute(w, elementType, codec, value)
    },
    read(payload) {
      const values: T[] = []
      const elements = new AttributeList(payload)
      while (elements.next()) if (elements.type === elementType) values.push(readWithin(values.length, codec, elements))
      return values
    },
  }
}

/** An array of attributes whose numbers are their places, from 1 on: `TCA_MATCHALL_ACT`. */
export function numbered<T>(codec: Codec<T>): Codec<T[]> {
  return {
    nested: true,
    write(w, values) {
      for (const [index, value] of values.entries()) writeAttribute(w, index + 1, codec, value)
    },
    read(payload) {
      const values: [place: number, value: T][] = []
      const elements = new AttributeList(payload)
      while (elements.next()) values.push([elements.type, readWithin(values.length, codec, elements)])
      return values.sort(([a], [b]) => a - b).map(([, value]) => value)
    },
  }
}

/** A table whose attributes refer to the table itself. The indirection is resolved when first used. */
export function lazy<T extends Table<T>>(table: () => AttributesCodec<T>): Codec<Attributes<T>> {
  return {
    nested: true,
    write: (w, value) => table().write(w, value),
    read: (payload) => table().read(payload),
    readAt: (bytes, start, end) => table().readAt(bytes, start, end),
    locate: (payload, offset) => table().locate(payload, offset),
  }
}
