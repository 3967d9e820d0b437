import { DecodeError, type FixedCodec, type Value, within } from './codec.ts'

// biome-ignore lint/suspicious/noExplicitAny: the value types are recovered by `Value` below
type Fields = Record<string, FixedCodec<any>>
type Padding<F extends Fields> = { [K in keyof F]: F[K] extends FixedCodec<undefined> ? K : never }[keyof F]

/** What a struct holds. Every field may be left out when writing; it is zero then. */
export type Struct<F extends Fields> = { -readonly [K in Exclude<keyof F, Padding<F>>]: Value<F[K]> }

/** A C struct: fields one after another, in the order written here. Natural alignment is the author's to spell out. */
export interface StructCodec<F extends Fields> extends FixedCodec<Struct<F>> {
  readonly fields: F
  write(w: Parameters<FixedCodec<unknown>['write']>[0], value: Partial<Struct<F>>): void
}

export function struct<F extends Fields>(fields: F): StructCodec<F> {
  const entries = Object.entries(fields)
  const size = entries.reduce((sum, [, codec]) => sum + codec.size, 0)
  return {
    size,
    fields,
    write(w, value: Record<string, unknown>) {
      for (const [name, codec] of entries) {
        const field = value[name]
        if (field === undefined) w.zeros(codec.size)
        else codec.write(w, field)
      }
    },
    read(payload) {
      if (payload.length < size) throw new DecodeError('', `${payload.length} bytes, at least ${size} expected`)
      const value: Record<string, unknown> = {}
      let offset = 0
      for (const [name, codec] of entries) {
        const field = within(name, () => codec.read(payload.subarray(offset, offset + codec.size)))
        if (field !== undefined) value[name] = field
        offset += codec.size
      }
      return value as Struct<F>
    },
  }
}
