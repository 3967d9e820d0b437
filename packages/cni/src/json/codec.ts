import { JsonError, type JsonValue } from './value.ts'

/**
 * How JSON becomes a value of one type. Tables of configuration are made of these; see {@link object}.
 *
 * Decoding follows Go: types are strict, `null` means absent, and the error texts are Go's.
 */
export interface Codec<T> {
  /** What Go calls the type; it stands in error texts: `bool`, `[]string`, `main.NetConf`. */
  readonly goType: string
  /** What `null` means inside an array or a map; where it is absent, `null` is an error there. */
  readonly zero?: T
  /** Whether several values of one key are merged: those of objects are. */
  readonly isMerged?: true
  /**
   * Decodes a whole document.
   *
   * @throws {JsonError} `json: cannot unmarshal string into Go struct field NetConf.isGateway of type bool`
   */
  decode(json: JsonValue): T
  /** Decodes a part of a document. Returns `undefined` for an absent one: `null`, or `""` for an address. */
  read(json: JsonValue, place: Place): T | undefined
}

/** The type that a codec decodes to: `type NetConf = Decoded<typeof netConf>`. */
export type Decoded<C extends Codec<unknown>> = C extends Codec<infer T> ? T : never

/** Where in a document a value stands, for error texts. Good for as long as the value is being read. */
export interface Place {
  /** Name of the innermost Go struct, perhaps empty; absent outside of any. */
  readonly struct?: string | undefined
  /** Keys from the document's root, joined with dots; array indexes do not count. */
  readonly path: string
  /** The keys as the document has them, where `path` has a name of Go among them. */
  readonly written?: string
  /** Inside a type that has its own decoder in Go: errors name the struct around that, not those further down. */
  readonly ownDecoder?: boolean
  /** How the number here was spelled, when that is not how it would be printed. */
  readonly literal?: string | undefined
}

/** Where a whole document stands. */
const root: Place = { path: '' }

/**
 * Where the field of an object stands that is being read: one for all its fields, {@link key} moves on. Nothing is
 * made of it before an error asks.
 */
export class FieldPlace implements Place {
  readonly struct: string
  readonly ownDecoder: boolean
  key = ''
  readonly #object: Place

  /** @param object where the object stands @param struct what Go calls its struct */
  constructor(object: Place, struct: string) {
    const outer = object.ownDecoder ? object.struct : undefined
    this.struct = outer ?? struct
    this.ownDecoder = outer !== undefined
    this.#object = object
  }

  get path(): string {
    const { path } = this.#object
    return path === '' ? this.key : `${path}.${this.key}`
  }
}

/** Makes a codec from how it reads, and from what it makes of an empty document. */
export function codec<T>(parts: { goType: string; zero?: T; read: Codec<T>['read']; nothing?: () => T }): Codec<T> {
  const { goType, read, nothing } = parts
  return {
    ...('zero' in parts ? { zero: parts.zero } : {}),
    goType,
    read,
    decode(json) {
      const value = json === null ? undefined : read(json, root)
      if (value !== undefined) return value
      if (nothing === undefined) throw new JsonError(`Cannot decode ${goType}: missing`)
      return nothing()
    },
  }
}

/** What a codec makes of a value that is not of its kind: `null` means absent, anything else throws. */
export function absent(json: JsonValue, place: Place, goType: string): undefined {
  if (json !== null) throw mismatch(kindOf(json), place, goType)
}

/** Makes the error for a value of the wrong type. `found` is Go's word for it: `string`, `number 1.5`. */
export function mismatch(found: string, place: Place, goType: string): JsonError {
  const target = place.struct === undefined ? 'value' : `struct field ${place.struct}.${place.path}`
  return new JsonError(`json: cannot unmarshal ${found} into Go ${target} of type ${goType}`)
}

/** Returns Go's word for the kind of a value. */
export function kindOf(json: JsonValue): string {
  if (Array.isArray(json)) return 'array'
  return typeof json === 'boolean' ? 'bool' : typeof json
}

/** Says where a value stands, for messages of our own: `NetConf.ipam.routes`. */
export function nameOf(place: Place): string {
  return place.struct === undefined ? 'JSON' : `${place.struct}.${place.path}`
}
