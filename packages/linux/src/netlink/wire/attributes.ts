import { type Codec, DecodeError, placed, type Value, within } from './codec.ts'
import { littleEndian, viewOf } from './endian.ts'
import { align, type Writer } from './writer.ts'

/** `<linux/netlink.h>`: the payload is a list of attributes. */
export const NLA_F_NESTED = 0x8000
/** `<linux/netlink.h>`: the number of an attribute without its two flag bits. */
export const NLA_TYPE_MASK = 0x3fff

const HEADER_BYTES = 4

/** One attribute as it stands in the bytes. */
export interface RawAttribute {
  /** Without flag bits. */
  type: number
  payload: Uint8Array
  /** Where its header begins, in bytes from the start of the list. */
  offset: number
}

/**
 * The attributes of a list, in order. Up to three trailing bytes are padding.
 *
 * @throws DecodeError when a length does not fit
 */
export function attributesOf(bytes: Uint8Array): RawAttribute[] {
  const view = viewOf(bytes)
  const list: RawAttribute[] = []
  for (let offset = 0; bytes.length - offset >= HEADER_BYTES; ) {
    const length = view.getUint16(offset, littleEndian)
    if (length < HEADER_BYTES || offset + length > bytes.length)
      throw new DecodeError('', `attribute of ${length} bytes at offset ${offset} of ${bytes.length}`)
    const type = view.getUint16(offset + 2, littleEndian) & NLA_TYPE_MASK
    list.push({ type, payload: bytes.subarray(offset + HEADER_BYTES, offset + length), offset })
    offset += align(length)
  }
  return list
}

/** The payloads with one number, in their order. */
export type Take = (type: number) => readonly Uint8Array[]

/** A named part of an attribute table: the numbers it claims, and how its value maps to them. */
export interface Entry<T> {
  readonly types: readonly number[]
  write(w: Writer, value: NoInfer<T>): void
  /** @returns `undefined` when there is nothing of it; what its numbers have is kept as unknown then */
  read(take: Take): T | undefined
  /** Reads the one payload of an entry with one number; what goes together is not read this way. */
  readonly readOne?: (payload: Uint8Array) => T
  /** Names below this entry for a byte of one of its payloads; a negative `offset` is in the header before it. */
  locate?(attribute: RawAttribute, siblings: Uint8Array, offset: number): string[]
}

// biome-ignore lint/suspicious/noExplicitAny: the value types are recovered by `Value` below
export type Table = Record<string, Entry<any>>

/** Attributes that no entry of the table claims, by number: kept, and written back. */
export type Unknown = ReadonlyMap<number, readonly Uint8Array[]>

/** The value of an attribute table: every attribute is optional, and one that is `undefined` is not there. */
export type Attributes<T extends Table> = { -readonly [K in keyof T]?: Value<T[K]> | undefined } & {
  unknown?: Unknown | undefined
}

/** The codec of an attribute table. `prefix`, `_` and a name in upper snake case spell the kernel's constant. */
export interface AttributesCodec<T extends Table> extends Codec<Attributes<T>> {
  readonly prefix: string
  readonly table: T
  readonly nested: true
  locate(payload: Uint8Array, offset: number): string[]
}

/** One attribute, one number. Of several in a list the last counts, as for the kernel. */
export function attr<T>(type: number, codec: Codec<T>): Entry<T> {
  return new SingleEntry(type, codec)
}

/** An attribute that a list may hold any number of times: `IFLA_BRIDGE_VLAN_INFO`. */
export function each<T>(type: number, codec: Codec<T>): Entry<T[]> {
  return new RepeatedEntry(type, codec)
}

// Classes, because every program that talks of links makes hundreds of entries when it starts: one object each.

class SingleEntry<T> implements Entry<T> {
  readonly types: readonly number[]
  readonly #codec: Codec<T>

  readOne(payload: Uint8Array): T {
    return this.#codec.read(payload)
  }

  constructor(type: number, codec: Codec<T>) {
    this.types = [type]
    this.#codec = codec
  }

  write(w: Writer, value: NoInfer<T>): void {
    const codec = this.#codec
    w.attribute(wireTypeOf(this.types[0] ?? 0, codec), () => codec.write(w, value))
  }

  read(take: Take): T | undefined {
    const payload = take(this.types[0] ?? 0).at(-1)
    return payload && this.#codec.read(payload)
  }

  locate({ payload }: RawAttribute, _siblings: Uint8Array, offset: number): string[] {
    return locateBelow(this.#codec, payload, offset)
  }
}

class RepeatedEntry<T> implements Entry<T[]> {
  readonly types: readonly number[]
  readonly #codec: Codec<T>

  constructor(type: number, codec: Codec<T>) {
    this.types = [type]
    this.#codec = codec
  }

  write(w: Writer, values: NoInfer<T>[]): void {
    const codec = this.#codec
    for (const value of values) w.attribute(wireTypeOf(this.types[0] ?? 0, codec), () => codec.write(w, value))
  }

  read(take: Take): T[] | undefined {
    const payloads = take(this.types[0] ?? 0)
    if (payloads.length === 0) return undefined
    return payloads.map((payload, index) => within(String(index), () => this.#codec.read(payload)))
  }

  locate({ payload }: RawAttribute, _siblings: Uint8Array, offset: number): string[] {
    return locateBelow(this.#codec, payload, offset)
  }
}

/** Nothing is below an attribute's header. */
function locateBelow(codec: Codec<unknown> | Codec<never>, payload: Uint8Array, offset: number): string[] {
  return offset < 0 ? [] : (codec.locate?.(payload, offset) ?? [])
}

/** The number of an attribute with the flag that its payload asks for. */
export function wireTypeOf(type: number, codec: Codec<unknown> | Codec<never>): number {
  return codec.nested ? type | NLA_F_NESTED : type
}

/** A table of attributes: the encoder, the decoder, the type and the names in errors all come from it. */
export function attributes<T extends Table>(prefix: string, table: T): AttributesCodec<T> {
  return new AttributeTable(prefix, table)
}

class AttributeTable<T extends Table> implements AttributesCodec<T> {
  readonly prefix: string
  readonly table: T
  readonly nested = true
  #entries: readonly NamedEntry[] | undefined
  #byType: ReadonlyMap<number, NamedEntry> | undefined

  constructor(prefix: string, table: T) {
    this.prefix = prefix
    this.table = table
  }

  write(w: Writer, values: NoInfer<Attributes<T>>): void {
    writeAttributes(w, this.#list(), values)
  }

  read(bytes: Uint8Array): Attributes<T> {
    this.#byType ??= new Map(this.#list().flatMap((entry) => entry[1].types.map((type) => [type, entry])))
    return readAttributes<T>(bytes, this.#byType)
  }

  locate(payload: Uint8Array, offset: number): string[] {
    return locateAttribute(payload, this.#list(), offset)
  }

  #list(): readonly NamedEntry[] {
    this.#entries ??= Object.entries(this.table)
    return this.#entries
  }
}

type NamedEntry = [name: string, entry: Table[string]]

function writeAttributes(
  w: Writer,
  entries: readonly NamedEntry[],
  values: Record<string, unknown> & { unknown?: Unknown | undefined },
) {
  for (const [name, entry] of entries) {
    const value = values[name]
    if (value === undefined) continue
    try {
      entry.write(w, value)
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      throw new RangeError(`${error.message} (attribute "${name}")`, { cause: error })
    }
  }
  for (const [type, payloads] of values.unknown ?? [])
    for (const payload of payloads) w.attribute(type, () => w.bytes(payload))
}

/** Goes by what is there, not by what the table has: a link has a tenth of all attributes that links can have. */
function readAttributes<T extends Table>(bytes: Uint8Array, byType: ReadonlyMap<number, NamedEntry>): Attributes<T> {
  const values: Record<string, unknown> = {}
  let left: Map<number, Uint8Array[]> | undefined
  for (const { type, payload } of attributesOf(bytes)) {
    const named = byType.get(type)
    const value = named?.[1].readOne && readPayload(named, payload)
    if (named && value !== undefined) {
      values[named[0]] = value
      continue
    }
    left ??= new Map()
    const payloads = left.get(type)
    if (payloads) payloads.push(payload)
    else left.set(type, [payload])
  }
  if (left) readTogether(left, byType, values)
  return values as Attributes<T>
}

function readPayload([name, entry]: NamedEntry, payload: Uint8Array): unknown {
  try {
    return entry.readOne?.(payload)
  } catch (error) {
    throw placed(name, error)
  }
}

/** What more than one attribute makes up, and what nobody knows. */
function readTogether(
  left: Map<number, Uint8Array[]>,
  byType: ReadonlyMap<number, NamedEntry>,
  values: Record<string, unknown>,
): void {
  const take: Take = (type) => left.get(type) ?? []
  for (const type of left.keys()) {
    const [name, entry] = byType.get(type) ?? []
    if (name === undefined || entry === undefined || Object.hasOwn(values, name)) continue
    const value = readEntry(name, entry, take)
    if (value === undefined) continue
    values[name] = value
    for (const claimed of entry.types) left.delete(claimed)
  }
  if (left.size > 0) values['unknown'] = left
}

function readEntry(name: string, entry: Table[string], take: Take): unknown {
  try {
    return entry.read(take)
  } catch (error) {
    throw placed(name, error)
  }
}

function locateAttribute(payload: Uint8Array, entries: readonly NamedEntry[], offset: number): string[] {
  for (const attribute of attributesOf(payload)) {
    if (offset >= attribute.offset + align(HEADER_BYTES + attribute.payload.length)) continue
    const found = entries.find(([, entry]) => entry.types.includes(attribute.type))
    if (!found) return [String(attribute.type)]
    const inner = offset - attribute.offset - HEADER_BYTES
    return [found[0], ...(found[1].locate?.(attribute, payload, inner) ?? [])]
  }
  return []
}
