import {
  attr,
  attributes,
  be32,
  flatMessage,
  operation,
  type Request,
  request,
  string,
  type Value,
} from '../netlink/index.ts'
import { NFNL_SUBSYS, nfgenmsg, nfnetlinkType } from '../nfnetlink/index.ts'

/** Attributes of a generation, `<linux/netfilter/nf_tables.h> NFTA_GEN_*`. */
export const generationAttributes = attributes('NFTA_GEN', {
  id: attr(1, be32),
  procPid: attr(2, be32),
  procName: attr(3, string),
})

/** Body of `NFT_MSG_*GEN`. */
export const generationMessage = flatMessage(nfgenmsg, generationAttributes)
type GenerationMessage = Partial<Value<typeof nfgenmsg>> & Value<typeof generationAttributes>

export const generationOperations = {
  get: operation<GenerationMessage, GenerationMessage>(
    'NFT_MSG_GETGEN',
    nfnetlinkType(NFNL_SUBSYS.NFTABLES, 16),
    generationMessage,
  ),
  reply: operation<GenerationMessage, GenerationMessage>(
    'NFT_MSG_NEWGEN',
    nfnetlinkType(NFNL_SUBSYS.NFTABLES, 15),
    generationMessage,
  ),
} as const

export function getGeneration(): Request {
  return request(generationOperations.get, {})
}

/** Attributes of the beginning of a batch, `<linux/netfilter/nfnetlink.h> NFNL_BATCH_*`. */
export const batchAttributes = attributes('NFNL_BATCH', { genid: attr(1, be32) })
const batchMessage = flatMessage(nfgenmsg, batchAttributes)
type BatchMessage = Partial<Value<typeof nfgenmsg>> & Value<typeof batchAttributes>

/** `<linux/netfilter/nfnetlink.h> NFNL_MSG_BATCH_*`: between them, everything happens or nothing. */
export const batchOperations = {
  begin: operation<BatchMessage, BatchMessage>('NFNL_MSG_BATCH_BEGIN', 16, batchMessage),
  end: operation<BatchMessage, BatchMessage>('NFNL_MSG_BATCH_END', 17, batchMessage),
} as const

/** The frame of a batch, which the kernel refuses with `ERESTART` when the rules are not of that generation any more. */
export function batchFrame(generation?: number): { begin: Request; end: Request } {
  const resId = NFNL_SUBSYS.NFTABLES
  return {
    begin: request(batchOperations.begin, { resId, genid: generation }),
    end: request(batchOperations.end, { resId }),
  }
}
