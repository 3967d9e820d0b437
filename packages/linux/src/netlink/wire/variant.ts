import {
  type Attributes,
  type AttributesCodec,
  attributesOf,
  type Entry,
  type Table,
  wireTypeOf,
} from './attributes.ts'
import { type Codec, within } from './codec.ts'
import { string } from './scalar.ts'

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
      w.attribute(kindType, () => string.write(w, name))
      const codec = kinds[kind]
      if (codec && data !== undefined) w.attribute(wireTypeOf(dataType, codec), () => codec.write(w, data))
      else if (bytes) w.attribute(dataType, () => w.bytes(bytes))
    },
    read(take) {
      const kindPayload = take(kindType).at(-1)
      if (!kindPayload) return undefined
      const kind = string.read(kindPayload)
      const payload = take(dataType).at(-1)
      const codec = Object.hasOwn(kinds, kind) ? kinds[kind] : undefined
      if (!codec) return { kind: 'other', name: kind, ...(payload && { bytes: payload }) }
      if (!payload) return { kind } as Variant<K>
      return { kind, data: within('data', () => codec.read(payload)) } as Variant<K>
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

/** An array of attributes that all have one number: `IFLA_PROP_LIST`, `NFTA_LIST_ELEM`. */
export function list<T>(elementType: number, codec: Codec<T>): Codec<T[]> {
  const wireType = wireTypeOf(elementType, codec)
  return {
    nested: true,
    write(w, values) {
      for (const value of values) w.attribute(wireType, () => codec.write(w, value))
    },
    read(payload) {
      const values: T[] = []
      for (const attribute of attributesOf(payload)) {
        if (attribute.type !== elementType) continue
        values.push(within(String(values.length), () => codec.read(attribute.payload)))
      }
      return values
    },
  }
}

/** A table whose attributes refer to the table itself. The indirection is resolved when first used. */
export function lazy<T extends Table>(table: () => AttributesCodec<T>): Codec<Attributes<T>> {
  return {
    nested: true,
    write: (w, value) => table().write(w, value),
    read: (payload) => table().read(payload),
    locate: (payload, offset) => table().locate(payload, offset),
  }
}
