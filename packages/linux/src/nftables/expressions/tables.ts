import { attr, attributes, be16, be32, be64, string, u8 } from '../../netlink/raw.ts'
import { dataAttributes } from '../data.ts'
import { word } from '../wire.ts'
import {
  NFT_BITWISE,
  NFT_BYTEORDER,
  NFT_CMP,
  NFT_CT,
  NFT_EXTHDR_OP,
  NFT_FIB_RESULT,
  NFT_HASH,
  NFT_LIMIT,
  NFT_LOGLEVEL,
  NFT_META,
  NFT_NAT,
  NFT_NG,
  NFT_OBJECT,
  NFT_PAYLOAD,
  NFT_PAYLOAD_CSUM,
  NFT_RANGE,
  NFT_REJECT,
  NFT_RT,
} from './constants.ts'

// All of `<linux/netfilter/nf_tables.h>`, where the comments say what each attribute is. `sreg` and `dreg` are registers.

export const immediate = attributes('NFTA_IMMEDIATE', { dreg: attr(1, be32), data: attr(2, dataAttributes) })

export const bitwise = attributes('NFTA_BITWISE', {
  sreg: attr(1, be32),
  dreg: attr(2, be32),
  len: attr(3, be32),
  op: attr(6, word(NFT_BITWISE)),
  mask: attr(4, dataAttributes),
  xor: attr(5, dataAttributes),
  data: attr(7, dataAttributes),
})

export const byteorder = attributes('NFTA_BYTEORDER', {
  sreg: attr(1, be32),
  dreg: attr(2, be32),
  op: attr(3, word(NFT_BYTEORDER)),
  len: attr(4, be32),
  size: attr(5, be32),
})

export const cmp = attributes('NFTA_CMP', {
  sreg: attr(1, be32),
  op: attr(2, word(NFT_CMP)),
  data: attr(3, dataAttributes),
})

export const range = attributes('NFTA_RANGE', {
  sreg: attr(1, be32),
  op: attr(2, word(NFT_RANGE)),
  fromData: attr(3, dataAttributes),
  toData: attr(4, dataAttributes),
})

export const lookup = attributes('NFTA_LOOKUP', {
  set: attr(1, string),
  sreg: attr(2, be32),
  dreg: attr(3, be32),
  setId: attr(4, be32),
  flags: attr(5, be32),
})

export const payload = attributes('NFTA_PAYLOAD', {
  sreg: attr(5, be32),
  dreg: attr(1, be32),
  base: attr(2, word(NFT_PAYLOAD)),
  offset: attr(3, be32),
  len: attr(4, be32),
  csumType: attr(6, word(NFT_PAYLOAD_CSUM)),
  csumOffset: attr(7, be32),
  csumFlags: attr(8, be32),
})

export const exthdr = attributes('NFTA_EXTHDR', {
  dreg: attr(1, be32),
  type: attr(2, u8),
  offset: attr(3, be32),
  len: attr(4, be32),
  flags: attr(5, be32),
  op: attr(6, word(NFT_EXTHDR_OP)),
  sreg: attr(7, be32),
})

export const meta = attributes('NFTA_META', { dreg: attr(1, be32), key: attr(2, word(NFT_META)), sreg: attr(3, be32) })

export const rt = attributes('NFTA_RT', { dreg: attr(1, be32), key: attr(2, word(NFT_RT)) })

export const socket = attributes('NFTA_SOCKET', { key: attr(1, be32), dreg: attr(2, be32), level: attr(3, be32) })

export const ct = attributes('NFTA_CT', {
  dreg: attr(1, be32),
  key: attr(2, word(NFT_CT)),
  direction: attr(3, u8),
  sreg: attr(4, be32),
})

export const fib = attributes('NFTA_FIB', {
  dreg: attr(1, be32),
  result: attr(2, word(NFT_FIB_RESULT)),
  flags: attr(3, be32),
})

export const limit = attributes('NFTA_LIMIT', {
  rate: attr(1, be64),
  unit: attr(2, be64),
  burst: attr(3, be32),
  type: attr(4, word(NFT_LIMIT)),
  flags: attr(5, be32),
})

export const connlimit = attributes('NFTA_CONNLIMIT', { count: attr(1, be32), flags: attr(2, be32) })

export const counter = attributes('NFTA_COUNTER', { bytes: attr(1, be64), packets: attr(2, be64) })

export const last = attributes('NFTA_LAST', { set: attr(1, be32), msecs: attr(2, be64) })

export const log = attributes('NFTA_LOG', {
  group: attr(1, be16),
  prefix: attr(2, string),
  snaplen: attr(3, be32),
  qthreshold: attr(4, be16),
  level: attr(5, word(NFT_LOGLEVEL)),
  flags: attr(6, be32),
})

export const queue = attributes('NFTA_QUEUE', {
  num: attr(1, be16),
  total: attr(2, be16),
  flags: attr(3, be16),
  sregQnum: attr(4, be32),
})

export const quota = attributes('NFTA_QUOTA', { bytes: attr(1, be64), consumed: attr(4, be64), flags: attr(2, be32) })

export const reject = attributes('NFTA_REJECT', { type: attr(1, word(NFT_REJECT)), icmpCode: attr(2, u8) })

export const nat = attributes('NFTA_NAT', {
  type: attr(1, word(NFT_NAT)),
  family: attr(2, be32),
  regAddrMin: attr(3, be32),
  regAddrMax: attr(4, be32),
  regProtoMin: attr(5, be32),
  regProtoMax: attr(6, be32),
  flags: attr(7, be32),
})

export const masq = attributes('NFTA_MASQ', {
  flags: attr(1, be32),
  regProtoMin: attr(2, be32),
  regProtoMax: attr(3, be32),
})

export const redir = attributes('NFTA_REDIR', {
  regProtoMin: attr(1, be32),
  regProtoMax: attr(2, be32),
  flags: attr(3, be32),
})

export const tproxy = attributes('NFTA_TPROXY', {
  family: attr(1, be32),
  regAddr: attr(2, be32),
  regPort: attr(3, be32),
})

export const dup = attributes('NFTA_DUP', { sregAddr: attr(1, be32), sregDev: attr(2, be32) })

export const fwd = attributes('NFTA_FWD', { sregDev: attr(1, be32), sregAddr: attr(2, be32), nfproto: attr(3, be32) })

export const objref = attributes('NFTA_OBJREF', {
  immType: attr(1, word(NFT_OBJECT)),
  immName: attr(2, string),
  setSreg: attr(3, be32),
  setName: attr(4, string),
  setId: attr(5, be32),
})

export const hash = attributes('NFTA_HASH', {
  sreg: attr(1, be32),
  dreg: attr(2, be32),
  len: attr(3, be32),
  modulus: attr(4, be32),
  seed: attr(5, be32),
  offset: attr(6, be32),
  type: attr(7, word(NFT_HASH)),
})

export const numgen = attributes('NFTA_NG', {
  dreg: attr(1, be32),
  modulus: attr(2, be32),
  type: attr(3, word(NFT_NG)),
  offset: attr(4, be32),
})

export const flowOffload = attributes('NFTA_FLOW', { tableName: attr(1, string) })

export const synproxy = attributes('NFTA_SYNPROXY', { mss: attr(1, be16), wscale: attr(2, u8), flags: attr(3, be32) })

export const osf = attributes('NFTA_OSF', { dreg: attr(1, be32), ttl: attr(2, u8), flags: attr(3, be32) })

export const xfrm = attributes('NFTA_XFRM', {
  dreg: attr(1, be32),
  key: attr(2, be32),
  dir: attr(3, u8),
  spnum: attr(4, be32),
})
