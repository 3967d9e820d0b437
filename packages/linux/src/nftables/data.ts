import { attr, attributes, be32, binary, string, type Value } from '../netlink/raw.ts'
import { word } from './wire.ts'

/** Verdicts, `<linux/netfilter.h> NF_*`. */
export const NF = { DROP: 0, ACCEPT: 1, STOLEN: 2, QUEUE: 3, REPEAT: 4 } as const

/** Verdicts of nf_tables, `<linux/netfilter/nf_tables.h>`, as unsigned numbers. */
const verdicts = {
  CONTINUE: 0xffffffff,
  BREAK: 0xfffffffe,
  JUMP: 0xfffffffd,
  GOTO: 0xfffffffc,
  RETURN: 0xfffffffb,
} as const

/** What becomes of a packet, `<linux/netfilter/nf_tables.h> NFTA_VERDICT_*`. */
export const verdictAttributes = attributes('NFTA_VERDICT', {
  code: attr(1, word({ ...NF, ...verdicts })),
  chain: attr(2, string),
  chainId: attr(3, be32),
})

/** A constant in a rule or a map: bytes as they stand in the registers, or a verdict. */
export class DataAttributes {
  readonly value = attr(1, binary)
  readonly verdict = attr(2, verdictAttributes)
}

/** The codec of {@link DataAttributes}. */
export const dataAttributes = attributes('NFTA_DATA', new DataAttributes())
export type Data = Value<typeof dataAttributes>
