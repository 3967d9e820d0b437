import { AttributeList, attributesOf, NLA_F_NESTED, NLA_HDRLEN, type RawAttribute } from './attribute-list.ts'
import { type Codec, errorBelow, readAt, readWithin, type Value, wholeOf } from './codec.ts'
import { binary } from './scalar.ts'
import { align, type Writer } from './writer.ts'

/** A named part of an attribute table: the numbers it claims, and how its value maps to them. */
export interface Entry<T> {
  readonly types: readonly number[]
  write(w: Writer, value: NoInfer<T>): void
  /**
   * Reads what a list has of it.
   *
   * @returns `undefined` when there is nothing of it; what its numbers have is kept as unknown then
   */
  read(list: AttributeList): T | undefined
  /** Reads the attribute that a list stands at; only an entry that one attribute makes up is read this way. */
  readOne?(list: AttributeList): T | undefined
  /** Names below this entry for a byte of one of its payloads; a negative `offset` is in the header before it. */
  locate?(attribute: RawAttribute, siblings: Uint8Array, offset: number): string[]
}

/**
 * A table of attributes: its properties are entries. A class with one property an attribute keeps their doc comments and
 * its own name in declarations and hovers; an object literal has neither.
 */
// biome-ignore lint/suspicious/noExplicitAny: the value types are recovered by `Value` below
export type Table<T> = { readonly [K in keyof T]: Entry<any> }

/** Any table, by the names of its entries. */
// biome-ignore lint/suspicious/noExplicitAny: what reads and writes it knows no types of values
type AnyTable = Readonly<Record<string, Entry<any>>>

/** Attributes that no entry of the table claims, by number: kept, and written back. */
export type Unknown = ReadonlyMap<number, readonly Uint8Array[]>

/** The value of an attribute table: every attribute is optional, and one that is `undefined` is not there. */
export type Attributes<T extends Table<T>> = { -readonly [K in keyof T]?: Value<T[K]> | undefined } & {
  unknown?: Unknown | undefined
}

/** The codec of an attribute table. `prefix`, `_` and a name in upper snake case spell the kernel's constant. */
export interface AttributesCodec<T extends Table<T>> extends Codec<Attributes<T>> {
  readonly prefix: string
  readonly table: T
  readonly nested: true
  readAt(bytes: Uint8Array, start: number, end: number): Attributes<T>
  /** As `readAt`, into an object that has other things as well. */
  decodeInto(target: object, bytes: Uint8Array, start: number, end: number): void
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
  readonly types: readonly [number]
  readonly #codec: Codec<T>

  constructor(type: number, codec: Codec<T>) {
    this.types = [type]
    this.#codec = codec
  }

  write(w: Writer, value: NoInfer<T>): void {
    writeAttribute(w, this.types[0], this.#codec, value)
  }

  read(list: AttributeList): T | undefined {
    const payload = list.last(this.types[0])
    return payload && this.#codec.read(payload)
  }

  readOne(list: AttributeList): T {
    return readAt(this.#codec, list)
  }

  locate({ payload }: RawAttribute, _siblings: Uint8Array, offset: number): string[] {
    return locateBelow(this.#codec, payload, offset)
  }
}

class RepeatedEntry<T> implements Entry<T[]> {
  readonly types: readonly [number]
  readonly #codec: Codec<T>

  constructor(type: number, codec: Codec<T>) {
    this.types = [type]
    this.#codec = codec
  }

  write(w: Writer, values: NoInfer<T>[]): void {
    for (const value of values) writeAttribute(w, this.types[0], this.#codec, value)
  }

  read(list: AttributeList): T[] | undefined {
    const payloads = list.all(this.types[0])
    if (payloads.length === 0) return undefined
    return payloads.map((payload, index) => readWithin(index, this.#codec, wholeOf(payload)))
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

/** Writes an attribute with a value as its payload. */
export function writeAttribute<T>(w: Writer, type: number, codec: Codec<T>, value: NoInfer<T>): void {
  const start = w.beginAttribute()
  codec.write(w, value)
  w.endAttribute(start, wireTypeOf(type, codec))
}

/** A table of attributes: the encoder, the decoder, the type and the names in errors all come from it. */
export function attributes<T extends Table<T>>(prefix: string, table: T): AttributesCodec<T> {
  return new AttributeTable(prefix, table, { keepsUnknown: true })
}

/**
 * A table of the few attributes that a reader wants of many. As {@link attributes}, but what it does not have is passed
 * over, and costs next to nothing.
 */
export function partialAttributes<T extends Table<T>>(prefix: string, table: T): AttributesCodec<T> {
  return new AttributeTable(prefix, table, { keepsUnknown: false })
}

/** What attributes are read into. */
type Target = Record<string, unknown> & { unknown?: Map<number, Uint8Array[]> | undefined }

class AttributeTable<T extends Table<T>> implements AttributesCodec<T> {
  readonly prefix: string
  readonly table: T
  readonly nested = true
  readonly #keepsUnknown: boolean
  /** By number. */
  #entries: readonly (NamedEntry | undefined)[] | undefined

  constructor(prefix: string, table: T, { keepsUnknown }: { keepsUnknown: boolean }) {
    this.prefix = prefix
    this.table = table
    this.#keepsUnknown = keepsUnknown
  }

  write(w: Writer, values: NoInfer<Attributes<T>>): void {
    writeAttributes(w, this.table, values)
  }

  read(bytes: Uint8Array): Attributes<T> {
    return this.readAt(bytes, 0, bytes.length)
  }

  readAt(bytes: Uint8Array, start: number, end: number): Attributes<T> {
    const values: Target = {}
    this.decodeInto(values, bytes, start, end)
    return values as Attributes<T>
  }

  /** Goes by what is there, not by what the table has: a link has a tenth of all attributes that links can have. */
  decodeInto(target: Target, bytes: Uint8Array, start: number, end: number): void {
    const entries = this.#byNumber()
    const list = new AttributeList(bytes, start, end)
    let together: Set<NamedEntry> | undefined
    while (list.next(this.#keepsUnknown ? undefined : entries)) {
      const named = entries[list.type]
      if (named && !named.entry.readOne) together = (together ?? new Set()).add(named)
      else if (named && readOne(named, list, target)) continue
      else if (this.#keepsUnknown) keep(target, list.type, list.payload)
    }
    for (const named of together ?? []) this.#readTogether(named, list, target)
  }

  /** What more than one attribute makes up. */
  #readTogether({ name, entry }: NamedEntry, list: AttributeList, target: Target): void {
    try {
      const value = entry.read(list)
      if (value !== undefined) target[name] = value
      else if (this.#keepsUnknown)
        for (const type of entry.types) for (const payload of list.all(type)) keep(target, type, payload)
    } catch (error) {
      throw errorBelow(name, error)
    }
  }

  locate(payload: Uint8Array, offset: number): string[] {
    return locateAttribute(payload, Object.entries(this.table), offset)
  }

  #byNumber(): readonly (NamedEntry | undefined)[] {
    this.#entries ??= byNumber(this.table)
    return this.#entries
  }
}

interface NamedEntry {
  readonly name: string
  readonly entry: AnyTable[string]
}

function byNumber(table: AnyTable): readonly (NamedEntry | undefined)[] {
  const entries: (NamedEntry | undefined)[] = []
  for (const [name, entry] of Object.entries(table)) {
    const named = { name, entry }
    for (const type of entry.types) entries[type] = named
  }
  return entries
}

function keep(target: Target, type: number, payload: Uint8Array): void {
  target.unknown ??= new Map()
  const payloads = target.unknown.get(type)
  if (payloads) payloads.push(payload)
  else target.unknown.set(type, [payload])
}

/** Whether the attribute has a value. */
function readOne({ name, entry }: NamedEntry, list: AttributeList, target: Target): boolean {
  try {
    const value = entry.readOne?.(list)
    if (value === undefined) return false
    target[name] = value
    return true
  } catch (error) {
    throw errorBelow(name, error)
  }
}

/** Goes by what is given, not by what the table has. */
function writeAttributes(
  w: Writer,
  table: AnyTable,
  values: Record<string, unknown> & { unknown?: Unknown | undefined },
): void {
  for (const name of Object.keys(values)) {
    const value = values[name]
    const entry = Object.hasOwn(table, name) ? table[name] : undefined
    if (entry && value !== undefined) writeEntry(w, { name, entry }, value)
  }
  for (const [type, payloads] of values.unknown ?? [])
    for (const payload of payloads) writeAttribute(w, type, binary, payload)
}

function writeEntry(w: Writer, { name, entry }: NamedEntry, value: unknown): void {
  try {
    entry.write(w, value)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new RangeError(`${error.message} (attribute "${name}")`, { cause: error })
  }
}

function locateAttribute(
  payload: Uint8Array,
  entries: readonly [name: string, entry: AnyTable[string]][],
  offset: number,
): string[] {
  for (const attribute of attributesOf(payload)) {
    if (offset >= attribute.offset + align(NLA_HDRLEN + attribute.payload.length)) continue
    const found = entries.find(([, entry]) => entry.types.includes(attribute.type))
    if (!found) return [String(attribute.type)]
    const inner = offset - attribute.offset - NLA_HDRLEN
    return [found[0], ...(found[1].locate?.(attribute, payload, inner) ?? [])]
  }
  return []
}
