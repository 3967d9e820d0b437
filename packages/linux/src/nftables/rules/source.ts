import { align } from '../../netlink/raw.ts'
import type { DataType } from '../data-types.ts'
import type { Expression } from '../expressions/index.ts'
import { type AnyType, type KeyType, partsOf } from '../key-type.ts'
import type { ObjectKind } from '../object.ts'
import type { NamedSet } from '../set.ts'
import { type RuleContext, register, type Statement } from './rule-context.ts'

/** `<linux/netfilter/nf_tables.h> NFT_LOOKUP_F_INV` */
const LOOKUP_INVERTED = 1

/** How a rule gets at something. */
export interface Access {
  /** The expressions that put it into the registers from `slot` on, each slot four bytes. */
  load(slot: number): readonly Expression[]
  /** What a packet must be for that, unless the rule has seen to it before. */
  depends?: ((context: RuleContext) => readonly Expression[]) | undefined
}

/** Something a rule gets from a packet, or from a map by it. */
export class Source<K extends KeyType> implements Access {
  readonly type: K
  readonly load: Access['load']
  readonly depends: (context: RuleContext) => readonly Expression[]

  constructor(type: K, access: Access) {
    this.type = type
    this.load = access.load
    this.depends = access.depends ?? (() => [])
  }

  /** Loads it where the expressions that follow look for it: in the first register. */
  loaded(...expressions: readonly Expression[]): Statement {
    return (context) => [...this.depends(context), ...this.load(0), ...expressions]
  }

  /** Whether a set has it. */
  in(set: NamedSet<K>): Statement {
    return this.loaded(lookup(set.name, {}))
  }

  /** Whether a set does not have it. */
  notIn(set: NamedSet<K>): Statement {
    return this.loaded(lookup(set.name, { flags: LOOKUP_INVERTED }))
  }

  /** Does what a verdict map has for it; goes on when that has nothing. */
  vmap(map: NamedSet<K, 'verdict'>): Statement {
    return this.loaded(lookup(map.name, { dreg: 0 }))
  }

  /** Has the counter, the limit and so on that a map names for it do its work; the rule ends where that has none. */
  objref(map: NamedSet<K, ObjectKind>): Statement {
    return this.loaded({ kind: 'objref', data: { setSreg: register(0), setName: map.name } })
  }

  /** What a map has for it. The rule ends for packets for which that has nothing. */
  map<D extends KeyType>(map: NamedSet<K, D>): Source<D> {
    const load = (slot: number) => [
      ...this.load(slot),
      lookup(map.name, { sreg: register(slot), dreg: register(slot) }),
    ]
    return new Source(map.data, { load, depends: this.depends })
  }
}

function lookup(set: string, more: { sreg?: number; dreg?: number; flags?: number }): Expression {
  return { kind: 'lookup', data: { set, sreg: register(0), ...more } }
}

/** The types of several sources, in their order. */
type TypesOf<S extends readonly Source<KeyType>[]> = {
  readonly [I in keyof S]: S[I] extends Source<infer K> ? (K extends DataType<infer T> ? DataType<T> : never) : never
}

/** Several one after another, for sets and maps with such keys: `ip daddr . tcp dport`. */
export function concat<const S extends readonly Source<AnyType>[]>(...sources: S): Source<TypesOf<S>> {
  const types = sources.map(({ type }) => type) as unknown as TypesOf<S>
  return new Source(types, {
    depends: (context) => sources.flatMap((source) => source.depends(context)),
    load(slot) {
      let at = slot
      return sources.flatMap((source) => {
        const expressions = source.load(at)
        at += slotsOf(source.type)
        return expressions
      })
    },
  })
}

/** How many slots of four bytes a value takes. */
export function slotsOf(type: KeyType): number {
  return partsOf(type).reduce((sum, { codec }) => sum + align(codec.size) / 4, 0)
}
