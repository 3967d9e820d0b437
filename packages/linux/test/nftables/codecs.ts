import type { RawMessage } from '../../src/netlink/index.ts'
import { Writer } from '../../src/netlink/raw.ts'
import {
  chainMessage,
  elementMessage,
  generationMessage,
  objectMessage,
  ruleMessage,
  setMessage,
  tableMessage,
} from '../../src/nftables/raw.ts'

/** A codec of a whole body, in both directions. */
export interface BodyCodec {
  read(body: Uint8Array): unknown
  write(w: Writer, value: never): void
}

/** By the number of a kind's first operation, `<linux/netfilter/nf_tables.h> NFT_MSG_NEW*`. */
const kinds: readonly (readonly [first: number, codec: BodyCodec])[] = [
  [0, tableMessage],
  [3, chainMessage],
  [6, ruleMessage],
  [9, setMessage],
  [12, elementMessage],
  [15, generationMessage],
  [18, objectMessage],
]

const NFNL_SUBSYS_NFTABLES = 10

/** The codecs of all kinds of messages. */
export const codecs: readonly BodyCodec[] = kinds.map(([, codec]) => codec)

/** The codec of a message; `undefined` for one that is not of nf_tables: acknowledgements, beginnings of batches. */
export function codecOf({ type }: RawMessage): BodyCodec | undefined {
  if (type >> 8 !== NFNL_SUBSYS_NFTABLES) return undefined
  return kinds.findLast(([first]) => first <= (type & 0xff))?.[1]
}

/** What a codec writes for a value that it has read. */
export function encodedAgain(codec: BodyCodec, value: unknown): Uint8Array {
  const w = new Writer(1)
  codec.write(w, value as never)
  return w.finish()
}
