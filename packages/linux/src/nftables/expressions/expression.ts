import { attr, attributes, be32, be64, type Codec, string, type Value, variant } from '../../netlink/raw.ts'
import { elements, word } from '../wire.ts'
import { NFT_DYNSET_OP } from './constants.ts'
import * as tables from './tables.ts'

/** Expressions that keep a state of their own; elements of sets can have them too. */
const stateful = {
  counter: tables.counter,
  quota: tables.quota,
  limit: tables.limit,
  connlimit: tables.connlimit,
  last: tables.last,
}

const statefulAttributes = attributes('NFTA_EXPR', { expression: variant(1, 2, stateful) })

/** A counter, a quota, a limit: what an element of a set can carry. */
export type StatefulExpression = Exclude<Value<typeof statefulAttributes>['expression'], undefined>

export const statefulExpression: Codec<StatefulExpression> = {
  nested: true,
  write: (w, expression) => statefulAttributes.write(w, { expression }),
  read: (payload) => statefulAttributes.read(payload).expression ?? nameless,
  locate: (payload, offset) => statefulAttributes.locate(payload, offset).slice(1),
}

const nameless = { kind: 'other', name: '' } as const

/** Adds the packet to a set, `<linux/netfilter/nf_tables.h> NFTA_DYNSET_*`. */
export const dynset = attributes('NFTA_DYNSET', {
  setName: attr(1, string),
  setId: attr(2, be32),
  op: attr(3, word(NFT_DYNSET_OP)),
  sregKey: attr(4, be32),
  sregData: attr(5, be32),
  timeout: attr(6, be64),
  flags: attr(9, be32),
  expr: attr(7, statefulExpression),
  expressions: attr(10, elements(statefulExpression)),
})

const { flowOffload, ...others } = tables

const expressionAttributes = attributes('NFTA_EXPR', {
  expression: variant(1, 2, { ...others, ...stateful, dynset, flow_offload: flowOffload, notrack: attributes('', {}) }),
})

/**
 * One step of a rule: `kind` is the kernel's name of it, `data` its attributes. A kind that is not in the table
 * (`other`) keeps its data as bytes.
 */
export type Expression = Exclude<Value<typeof expressionAttributes>['expression'], undefined>

/** `<linux/netfilter/nf_tables.h> NFTA_EXPR_*` */
export const expression: Codec<Expression> = {
  nested: true,
  write: (w, value) => expressionAttributes.write(w, { expression: value }),
  read: (payload) => expressionAttributes.read(payload).expression ?? nameless,
  locate: (payload, offset) => expressionAttributes.locate(payload, offset).slice(1),
}
