import { CIDR } from '@patchbay/address'
import { Writer } from '../../netlink/raw.ts'
import type { DataType } from '../data-types.ts'
import type { Expression } from '../expressions/index.ts'
import { type RuleContext, register, type Statement } from './rule-context.ts'
import { type Access, Source } from './source.ts'

/** How a value is compared. */
export type Comparison = 'eq' | 'neq' | 'lt' | 'lte' | 'gt' | 'gte'

const encoder = new TextEncoder()

/** A field of a packet, or what is known of it otherwise. */
export class Field<T> extends Source<DataType<T>> {
  /** As `nft` calls it: `ip saddr`. */
  readonly name: string

  constructor(name: string, type: DataType<T>, access: Access) {
    super(type, access)
    this.name = name
  }

  /** Equal to a value, or in a prefix. */
  is(value: T | CIDR): Statement {
    if (value instanceof CIDR) return this.#inPrefix('eq', value)
    const compared = this.loaded(compareWith('eq', this.bytesOf(value)))
    return (context) => {
      const expressions = compared(context)
      context.learn(factOf(this, value))
      return expressions
    }
  }

  /** Not equal to a value, or not in a prefix. */
  isNot(value: T | CIDR): Statement {
    return value instanceof CIDR ? this.#inPrefix('neq', value) : this.compare('neq', value)
  }

  /** Less, greater and so on; for types whose bytes are in network order. */
  compare(comparison: Comparison, value: T): Statement {
    return this.loaded(compareWith(comparison, this.bytesOf(value)))
  }

  /** From one value to another, both included; for types whose bytes are in network order. */
  isBetween(first: T, last: T): Statement {
    return this.loaded(compareWith('gte', this.bytesOf(first)), compareWith('lte', this.bytesOf(last)))
  }

  /** Outside of the values from one to another. */
  isNotBetween(first: T, last: T): Statement {
    const [fromData, toData] = [{ value: this.bytesOf(first) }, { value: this.bytesOf(last) }]
    return this.loaded({ kind: 'range', data: { sreg: register(0), op: 'neq', fromData, toData } })
  }

  /** Only the bits of a mask, the others zero. */
  and(mask: T): Field<T> {
    const bytes = this.bytesOf(mask)
    const load = (slot: number) => [...this.load(slot), bitwise(slot, bytes, new Uint8Array(bytes.length))]
    return new Field(this.name, this.type, { load, depends: this.depends })
  }

  /** As it stands in registers. */
  bytesOf(value: T): Uint8Array {
    const w = new Writer(this.type.codec.size)
    this.type.codec.write(w, value)
    return w.finish()
  }

  #inPrefix(comparison: 'eq' | 'neq', { network, prefixLength }: CIDR): Statement {
    const { bytes } = network
    if (bytes.length !== this.type.codec.size)
      throw new RangeError(`Cannot compare "${this.name}" with ${network}: not of that family`)
    const zero = new Uint8Array(bytes.length)
    const masked = prefixLength < bytes.length * 8 ? [bitwise(0, maskOf(prefixLength, bytes.length), zero)] : []
    return this.loaded(...masked, compareWith(comparison, bytes))
  }
}

/** Compares nothing when a part of the rule before has done it. */
export function requires<T>(context: RuleContext, field: Field<T>, value: T): readonly Expression[] {
  if (!context.learn(factOf(field, value))) return []
  return [...field.load(0), compareWith('eq', field.bytesOf(value))]
}

function factOf<T>(field: Field<T>, value: T): string {
  return `${field.name} ${String(value)}`
}

export function compareWith(op: Comparison, value: Uint8Array): Expression {
  return { kind: 'cmp', data: { sreg: register(0), op, data: { value } } }
}

/** Keeps the bits of `mask`, and changes those of `xor`. */
export function bitwise(slot: number, mask: Uint8Array, xor: Uint8Array): Expression {
  const [sreg, len] = [register(slot), mask.length]
  return { kind: 'bitwise', data: { sreg, dreg: sreg, len, mask: { value: mask }, xor: { value: xor } } }
}

function maskOf(prefixLength: number, size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, index) => {
    const bits = Math.min(8, Math.max(0, prefixLength - 8 * index))
    return (0xff << (8 - bits)) & 0xff
  })
}

/** A mark: a number that rules can change too. */
export class MarkField extends Field<number> {
  readonly #store: Expression

  /** @param store puts what is in the first register there */
  constructor(name: string, type: DataType<number>, access: Access & { readonly store: Expression }) {
    super(name, type, access)
    this.#store = access.store
  }

  /** Sets it, to a value or to what another field has. */
  set(value: number | Source<DataType<number>>): Statement {
    if (value instanceof Source) return value.loaded(this.#store)
    const data = { value: this.bytesOf(value) }
    return () => [{ kind: 'immediate', data: { dreg: register(0), data } }, this.#store]
  }

  /** Sets the bits of a mask to those of a value, and leaves the others. */
  setBits(value: number, mask: number = value): Statement {
    const [keep, change] = [this.bytesOf(~mask >>> 0), this.bytesOf((value & mask) >>> 0)]
    return this.loaded(bitwise(0, keep, change), this.#store)
  }
}

/** A value of which each bit has a word. */
export class BitField<W extends string> extends Field<readonly W[]> {
  /** Any of the bits. */
  has(...words: W[]): Statement {
    return this.#masked('neq', words)
  }

  /** None of the bits. */
  hasNot(...words: W[]): Statement {
    return this.#masked('eq', words)
  }

  #masked(comparison: 'eq' | 'neq', words: W[]): Statement {
    const mask = this.bytesOf(words)
    const zero = new Uint8Array(mask.length)
    return this.loaded(bitwise(0, mask, zero), compareWith(comparison, zero))
  }
}

/** The name of an interface. */
export class InterfaceField extends Field<string> {
  /** Begins with some text: `veth*`. */
  startsWith(text: string): Statement {
    return this.loaded(compareWith('eq', encoder.encode(text)))
  }
}
