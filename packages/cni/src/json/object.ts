import { type Codec, codec, kindOf, mismatch, nameOf, type Place, readMember } from './codec.ts'
import { isJsonObject, JsonError, type JsonObject, type JsonValue } from './value.ts'

/** A field that always has a value once decoded; see {@link orZero}, {@link withDefault} and {@link required}. */
export interface Always<T> extends Codec<T> {
  /** Gives the value when the document has none. */
  readonly otherwise: (place: Place) => T
}

/** The fields of an object by the names that TypeScript sees: the JSON keys, but for those that are {@link named}. */
export type Table = Readonly<Record<string, Codec<unknown>>>

type ValueOf<C> = C extends Codec<infer T> ? T : never
type AlwaysKeys<T extends Table> = { [K in keyof T]: T[K] extends Always<unknown> ? K : never }[keyof T]
type Flat<T> = { [K in keyof T]: T[K] }

/** What a table decodes to: a field may be absent unless it always has a value. */
export type Fields<T extends Table> = Flat<
  { -readonly [K in Exclude<keyof T, AlwaysKeys<T>>]?: ValueOf<T[K]> } & {
    -readonly [K in AlwaysKeys<T>]: ValueOf<T[K]>
  }
>

/** An object with known fields. Its table is there to be built upon: `{ ...netConf.table, mtu: int }`. */
export interface ObjectCodec<T extends Table> extends Codec<Fields<T>> {
  readonly table: T
}

/**
 * An object with known fields, declared once: decoder, TypeScript type and error texts come from the table.
 *
 * ```ts
 * const bridgeConf = object('NetConf', {
 *   bridge: withDefault(string, 'cni0'),
 *   mtu: int,
 *   vlanTrunk: array(object('VlanTrunk', { minID: int, maxID: int })),
 * })
 * type BridgeConf = Decoded<typeof bridgeConf>
 * // { bridge: string; mtu?: number; vlanTrunk?: { minID?: number; maxID?: number }[] }
 * const conf = bridgeConf.decode(request.config)
 * ```
 *
 * As in Go, keys match in any case and one that matches exactly is preferred for a field; of several keys for one
 * field the last in the document wins; `null` leaves a field out; unknown keys are ignored.
 *
 * @param goName the struct's name for error texts; in package `main` unless it has a dot (`types.Route`). One without
 *   a name is spelled out: `struct { Name string }`.
 */
export function object<const T extends Table>(goName: string, table: T): ObjectCodec<T> {
  const goType = /[. ]/.test(goName) ? goName : `main.${goName}`
  const struct = goName.includes(' ') ? '' : goName.slice(goName.lastIndexOf('.') + 1)
  let fields: FieldIndex | undefined
  function read(json: JsonValue, outside: Place): Fields<T> {
    if (!isJsonObject(json)) throw mismatch(kindOf(json), outside, goType)
    fields ??= indexFields(table)
    const place = outside.sealed && outside.struct !== undefined ? outside : { struct, path: outside.path }
    const values = readFields(json, fields, place)
    for (const { name, key, otherwise } of fields.always) values[name] ??= otherwise(inside(place, key))
    // Every value was read by the codec that the table has for it: what the type says.
    return values as Fields<T>
  }
  return { ...codec({ goType, read, nothing: () => read({}, { path: '' }) }), table }
}

function readFields(container: JsonObject, fields: FieldIndex, place: Place): Record<string, unknown> {
  const values: Record<string, unknown> = {}
  for (const [at, json] of Object.entries(container)) {
    const field = fields.exact.get(at) ?? fields.folded.get(fold(at))
    if (field === undefined) continue
    const value = readMember(field.codec, json, { container, at, place: inside(place, field.key) })
    if (value !== undefined) values[field.name] = value
  }
  return values
}

/** A field that holds Go's zero value when the document has none: `''`, `false`, `0`, `[]`, `{}`. */
export function orZero<T>(codec: Codec<T>): Always<T> {
  return { ...codec, otherwise: () => codec.decode(null) }
}

/** A field that holds `value` when the document has none. */
export function withDefault<T extends string | number | bigint | boolean>(
  codec: Codec<T>,
  value: NoInfer<T>,
): Always<T> {
  return { ...codec, otherwise: () => value }
}

/** A field that the document must have: otherwise decoding throws JsonError. */
export function required<T>(codec: Codec<T>): Always<T> {
  function otherwise(place: Place): never {
    throw new JsonError(`Cannot decode ${nameOf(place)}: missing`)
  }
  return { ...codec, otherwise }
}

/** A field whose key in JSON is not its name in the table. */
export function named<C extends Codec<unknown>>(key: string, codec: C): C & { readonly key: string } {
  return { ...codec, key }
}

/**
 * A type with a decoder of its own in Go (`UnmarshalJSON`): errors inside it name the struct around it.
 */
export function custom<C extends Codec<unknown>>(codec: C): C {
  return { ...codec, read: (json: JsonValue, place: Place) => codec.read(json, { ...place, sealed: true }) }
}

interface Field {
  readonly name: string
  readonly key: string
  readonly codec: Codec<unknown>
}

interface FieldIndex {
  readonly exact: ReadonlyMap<string, Field>
  readonly folded: ReadonlyMap<string, Field>
  readonly always: readonly (Pick<Field, 'name' | 'key'> & Pick<Always<unknown>, 'otherwise'>)[]
}

function indexFields(table: Table): FieldIndex {
  const fields = Object.entries(table).map(([name, codec]) => ({ name, key: keyOf(name, codec), codec }))
  return {
    exact: new Map(fields.map((field) => [field.key, field])),
    folded: new Map(fields.map((field) => [fold(field.key), field])),
    always: fields.flatMap(({ name, key, codec }) =>
      isAlways(codec) ? [{ name, key, otherwise: codec.otherwise }] : [],
    ),
  }
}

function keyOf(name: string, codec: Codec<unknown> & { key?: unknown }): string {
  return typeof codec.key === 'string' ? codec.key : name
}

function isAlways(codec: Codec<unknown>): codec is Always<unknown> {
  return 'otherwise' in codec
}

function inside(place: Place, key: string): Place {
  return { ...place, path: place.path === '' ? key : `${place.path}.${key}` }
}

/** Unicode simple folding as Go applies it to keys: beside letter case, the long s and the Kelvin sign. */
function fold(key: string): string {
  return key.replaceAll('\u017f', 's').toLowerCase()
}
