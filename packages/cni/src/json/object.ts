import { absent, type Codec, codec, FieldPlace, nameOf, type Place } from './codec.ts'
import { placeOfNumber } from './literal.ts'
import { allValues, mergeValues } from './merge.ts'
import { isJsonObject, JsonError, type JsonObject, type JsonValue } from './value.ts'

/** A field that always has a value once decoded; see {@link orZero}, {@link withDefault} and {@link required}. */
export interface NonOptional<T> extends Codec<T> {
  /** Gives the value when the document has none. */
  readonly fallback: (place: Place) => T
  /** That value, where it is the same for every document and cannot be changed. */
  readonly constant?: T
}

/** The fields of an object by the names that TypeScript sees: the JSON keys, but for those that are {@link named}. */
export type Table = Readonly<Record<string, Codec<unknown>>>

type ValueOf<C> = C extends Codec<infer T> ? T : never
type NonOptionalKeys<T extends Table> = { [K in keyof T]: T[K] extends NonOptional<unknown> ? K : never }[keyof T]
type Flat<T> = { [K in keyof T]: T[K] }

/** What a table decodes to: a field may be absent unless it always has a value. */
export type Fields<T extends Table> = Flat<
  { -readonly [K in Exclude<keyof T, NonOptionalKeys<T>>]?: ValueOf<T[K]> } & {
    -readonly [K in NonOptionalKeys<T>]: ValueOf<T[K]>
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
 * field the last in the document wins, but objects are merged; `null` leaves a field out; unknown keys are ignored. A list
 * replaces the one before it whole, where Go would leave in its objects what the earlier ones said.
 *
 * @param goName the struct's name for error texts; in package `main` unless it has a dot (`types.Route`). One without
 *   a name is spelled out: `struct { Name string }`.
 */
export function object<const T extends Table>(goName: string, table: T): ObjectCodec<T> {
  const goType = /[. ]/.test(goName) ? goName : `main.${goName}`
  const struct = goName.includes(' ') ? '' : goName.slice(goName.lastIndexOf('.') + 1)
  let fields: FieldIndex | undefined
  function readObject(json: JsonObject, outside: Place): Fields<T> {
    fields ??= indexFields(table)
    // Every value was read by the codec that the table has for it: what the type says.
    return readFields(json, fields, new FieldPlace(outside, struct)) as Fields<T>
  }
  const read = (json: JsonValue, outside: Place) =>
    isJsonObject(json) ? readObject(json, outside) : absent(json, outside, goType)
  return { ...codec({ goType, read, nothing: () => readObject({}, { path: '' }) }), isMerged: true, table }
}

function readFields(container: JsonObject, fields: FieldIndex, place: FieldPlace): Record<string, unknown> {
  const values: Record<string, unknown> = { ...fields.constants }
  for (const at of Object.keys(container)) {
    const field = fields.exact.get(at) ?? foldedField(fields, at)
    if (field === undefined) continue
    place.key = field.key
    // Not before it is sure to be wanted: see `later.ts`.
    const json = field.codec.isMerged
      ? mergeValues(valuesOf(container, at, { fields, field, values }))
      : (container[at] ?? null)
    const value = field.codec.read(json, typeof json === 'number' ? placeOfNumber(place, container, at) : place)
    if (value !== undefined) values[field.name] = value
  }
  for (const { name, key, fallback } of fields.made) {
    place.key = key
    values[name] ??= fallback(place)
  }
  return values
}

/** Returns the values that an object has for a field, up to and with one key: nearly always one. */
function valuesOf(
  container: JsonObject,
  last: string,
  { fields, field, values }: { fields: FieldIndex; field: Field; values: object },
): JsonValue[] {
  if (!Object.hasOwn(values, field.name)) return allValues(container, last)
  const keys = Object.keys(container)
  return keys
    .slice(0, keys.indexOf(last) + 1)
    .filter((key) => (fields.exact.get(key) ?? foldedField(fields, key)) === field)
    .flatMap((key) => allValues(container, key))
}

/** Finds the field whose key differs in case only. Most unknown keys are told apart without folding. */
function foldedField({ marks, folded }: FieldIndex, key: string): Field | undefined {
  return marks.has(markOf(key)) || key.charCodeAt(0) > 0x7f ? folded.get(fold(key)) : undefined
}

/** What ASCII keys have in common that fold to the same: their length, and their first letter without its case. */
function markOf(key: string): number {
  return (key.length << 5) | (key.charCodeAt(0) & 0x1f)
}

/** A field that holds Go's zero value when the document has none: `''`, `false`, `0`, `[]`, `{}`. */
export function orZero<T>(codec: Codec<T>): NonOptional<T> {
  const { zero } = codec
  const constant = typeof zero === 'object' ? undefined : zero
  return { ...codec, fallback: () => codec.decode(null), ...(constant === undefined ? {} : { constant }) }
}

/** A field that holds `value` when the document has none. */
export function withDefault<T extends string | number | bigint | boolean>(
  codec: Codec<T>,
  value: NoInfer<T>,
): NonOptional<T> {
  return { ...codec, fallback: () => value, constant: value }
}

/** A field that the document must have: otherwise decoding throws JsonError. */
export function required<T>(codec: Codec<T>): NonOptional<T> {
  function fallback(place: Place): never {
    throw new JsonError(`Cannot decode ${nameOf(place)}: missing`)
  }
  return { ...codec, fallback }
}

/** A field whose key in JSON is not its name in the table. */
export function named<C extends Codec<unknown>>(key: string, codec: C): C & { readonly key: string } {
  return { ...codec, key }
}

/**
 * A type with a decoder of its own in Go (`UnmarshalJSON`): errors inside it name the struct around it.
 */
export function custom<C extends Codec<unknown>>(codec: C): C {
  function read(json: JsonValue, { struct, path, literal }: Place): unknown {
    return codec.read(json, { struct, path, literal, ownDecoder: true })
  }
  return { ...codec, read }
}

interface Field {
  readonly name: string
  readonly key: string
  readonly codec: Codec<unknown>
}

interface FieldIndex {
  readonly exact: ReadonlyMap<string, Field>
  readonly folded: ReadonlyMap<string, Field>
  /** The folded keys' marks: see {@link markOf}. */
  readonly marks: ReadonlySet<number>
  /** What fields hold, by name, when the document has nothing for them. */
  readonly constants: Readonly<Record<string, unknown>>
  /** The fields for which that is made for each document. */
  readonly made: readonly (Omit<Field, 'codec'> & Pick<NonOptional<unknown>, 'fallback'>)[]
}

function indexFields(table: Table): FieldIndex {
  const fields = Object.entries(table).map(([name, codec]) => ({ name, key: keyOf(name, codec), codec }))
  const folded = new Map(fields.map((field) => [fold(field.key), field]))
  const nonOptional = fields.flatMap(({ codec, ...field }) => (isNonOptional(codec) ? [{ ...field, ...codec }] : []))
  return {
    exact: new Map(fields.map((field) => [field.key, field])),
    folded,
    marks: new Set([...folded.keys()].map(markOf)),
    constants: Object.fromEntries(
      nonOptional.flatMap(({ name, constant }) => (constant === undefined ? [] : [[name, constant]])),
    ),
    made: nonOptional.filter(({ constant }) => constant === undefined),
  }
}

function keyOf(name: string, codec: Codec<unknown> & { key?: unknown }): string {
  return typeof codec.key === 'string' ? codec.key : name
}

function isNonOptional(codec: Codec<unknown>): codec is NonOptional<unknown> {
  return 'fallback' in codec
}

/** Unicode simple folding as Go applies it to keys: beside letter case, the long s and the Kelvin sign. */
function fold(key: string): string {
  const lower = key.toLowerCase()
  return lower.includes('\u017f') ? lower.replaceAll('\u017f', 's') : lower
}
