import type { NetlinkRequest } from '../netlink/index.ts'
import {
  type Attributes,
  attr,
  attributes,
  be32,
  type FlatMessageCodec,
  flatMessage,
  operation,
  request,
  string,
} from '../netlink/raw.ts'
import { NFNL_SUBSYS, type Nfgenmsg, nfgenmsg, nfnetlinkType } from '../nfnetlink/index.ts'

/** Attributes of a generation, `<linux/netfilter/nf_tables.h> NFTA_GEN_*`. */
export class GenerationAttributes {
  readonly id = attr(1, be32)
  readonly procPid = attr(2, be32)
  readonly procName = attr(3, string)
}

/** The codec of {@link GenerationAttributes}. */
export const generationAttributes = attributes('NFTA_GEN', new GenerationAttributes())

/** Body of `NFT_MSG_*GEN`. */
export const generationMessage: FlatMessageCodec<GenerationMessage> = flatMessage(nfgenmsg, generationAttributes)

/** The values of {@link generationMessage}. */
export interface GenerationMessage extends Partial<Nfgenmsg>, Attributes<GenerationAttributes> {}

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

export function getGenerationRequest(): NetlinkRequest {
  return request(generationOperations.get, {})
}

/** Attributes of the beginning of a batch, `<linux/netfilter/nfnetlink.h> NFNL_BATCH_*`. */
export class BatchAttributes {
  readonly genid = attr(1, be32)
}

/** The codec of {@link BatchAttributes}. */
export const batchAttributes = attributes('NFNL_BATCH', new BatchAttributes())
const batchMessage: FlatMessageCodec<BatchMessage> = flatMessage(nfgenmsg, batchAttributes)

/** The values of {@link batchMessage}. */
interface BatchMessage extends Partial<Nfgenmsg>, Attributes<BatchAttributes> {}

/** `<linux/netfilter/nfnetlink.h> NFNL_MSG_BATCH_*`: between them, everything happens or nothing. */
export const batchOperations = {
  begin: operation<BatchMessage, BatchMessage>('NFNL_MSG_BATCH_BEGIN', 16, batchMessage),
  end: operation<BatchMessage, BatchMessage>('NFNL_MSG_BATCH_END', 17, batchMessage),
} as const

/** The frame of a batch, which the kernel refuses with `ERESTART` when the rules are not of that generation any more. */
export function batchFrame(generation?: number): { begin: NetlinkRequest; end: NetlinkRequest } {
  const resId = NFNL_SUBSYS.NFTABLES
  return {
    begin: request(batchOperations.begin, { resId, genid: generation }),
    end: request(batchOperations.end, { resId }),
  }
}
