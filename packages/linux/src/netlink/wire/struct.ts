import { DecodeError, errorBelow, type FixedCodec, type Value } from './codec.ts'
import type { Writer } from './writer.ts'

/** The fields of a struct: the properties of a class, whose doc comments hovers show, or of an object literal. */
// biome-ignore lint/suspicious/noExplicitAny: the value types are recovered by `Value` below
export type Fields<F> = { readonly [K in keyof F]: FixedCodec<any> }

type Padding<F extends Fields<F>> = { [K in keyof F]: F[K] extends FixedCodec<undefined> ? K : never }[keyof F]

/** What a struct holds. Every field may be left out when writing; it is zero then. */
export type Struct<F extends Fields<F>> = Values<Omit<F, Padding<F>>>
type Values<F> = { -readonly [K in keyof F]: Value<F[K]> }

/** A C struct: fields one after another, in the order written here. Natural alignment is the author's to spell out. */
export interface StructCodec<F extends Fields<F>> extends FixedCodec<Struct<F>> {
  readonly fields: F
  write(w: Writer, value: Partial<Struct<F>>): void
  readAt(bytes: Uint8Array, start: number, end: number): Struct<F>
  /** As `readAt`, into an object that has other things as well. */
  decodeInto(target: object, bytes: Uint8Array, start: number, end: number): void
}

export function struct<F extends Fields<F>>(fields: F): StructCodec<F> {
  return new FieldsCodec(fields)
}

interface Field {
  readonly name: string
  readonly codec: FixedCodec<unknown>
}

class FieldsCodec<F extends Fields<F>> implements StructCodec<F> {
  readonly size: number
  readonly fields: F
  readonly #fields: readonly Field[]

  constructor(fields: F) {
    this.fields = fields
    this.#fields = Object.entries<FixedCodec<unknown>>(fields).map(([name, codec]) => ({ name, codec }))
    this.size = this.#fields.reduce((sum, { codec }) => sum + codec.size, 0)
  }

  write(w: Writer, value: Partial<Struct<F>>): void {
    const given: Record<string, unknown> = value
    for (const { name, codec } of this.#fields) {
      const field = given[name]
      if (field === undefined) w.zeros(codec.size)
      else codec.write(w, field)
    }
  }

  read(payload: Uint8Array): Struct<F> {
    return this.readAt(payload, 0, payload.length)
  }

  readAt(bytes: Uint8Array, start: number, end: number): Struct<F> {
    const value = {} as Struct<F>
    this.decodeInto(value, bytes, start, end)
    return value
  }

  decodeInto(target: Record<string, unknown>, bytes: Uint8Array, start: number, end: number): void {
    const { size } = this
    if (end - start < size) throw new DecodeError('', `${end - start} bytes, at least ${size} expected`)
    let at = start
    for (const { name, codec } of this.#fields) {
      const next = at + codec.size
      try {
        const field = codec.readAt ? codec.readAt(bytes, at, next) : codec.read(bytes.subarray(at, next))
        if (field !== undefined) target[name] = field
      } catch (error) {
        throw errorBelow(name, error)
      }
      at = next
    }
  }
}
