import {
  attr,
  attributes,
  be16,
  be32,
  binary,
  type Codec,
  DecodeError,
  type Struct,
  s32,
  string,
  struct,
  u8,
  u16,
  u32,
} from '../../netlink/raw.ts'
import { actions } from '../actions.ts'

/** `<linux/pkt_cls.h> TC_U32_*`: bits of a selector's flags. */
export const TC_U32 = { TERMINAL: 1, OFFSET: 2, VAROFFSET: 4, EAT: 8 } as const

/** `struct tc_u32_key`, `<linux/pkt_cls.h>`: four bytes of a packet, which of their bits count, and what these have to be. */
class U32Key {
  readonly mask = be32
  readonly val = be32
  /** Bytes from the start of the network header; a multiple of 4. */
  readonly off = s32
  readonly offmask = s32
}

const key = struct(new U32Key())

/** `struct tc_u32_sel`, `<linux/pkt_cls.h>`, without its keys. */
class U32Head {
  /** {@link TC_U32} */
  readonly flags = u8
  readonly offshift = u8
  readonly nkeys = u8
  /** The compiler's, before a field of two bytes. */
  readonly padding = u8
  readonly offmask = be16
  readonly off = u16
  readonly offoff = u16
  readonly hoff = u16
  readonly hmask = be32
}

const head = struct(new U32Head())

/** Which packets a filter matches: those for which all keys hold. Without keys it matches all. */
export interface U32Selector {
  /** {@link TC_U32} */
  flags: number
  keys: Struct<U32Key>[]
}

const selector: Codec<U32Selector> = {
  write(w, { flags, keys }) {
    head.write(w, { flags, nkeys: keys.length })
    for (const each of keys) key.write(w, each)
  },
  read(payload) {
    const { flags, nkeys } = head.read(payload)
    const size = head.size + nkeys * key.size
    if (payload.length < size) throw new DecodeError('keys', `${payload.length} bytes, at least ${size} expected`)
    const at = (index: number) => head.size + index * key.size
    const keys = Array.from({ length: nkeys }, (_, index) => key.readAt(payload, at(index), at(index + 1)))
    return { flags, keys }
  },
}

/** Options of the filter that compares bytes of packets, `<linux/pkt_cls.h> TCA_U32_*`. */
export class U32Attributes {
  /** The class that packets are sent to. */
  readonly classid = attr(1, u32)
  readonly hash = attr(2, u32)
  readonly link = attr(3, u32)
  readonly divisor = attr(4, u32)
  readonly sel = attr(5, selector)
  readonly police = attr(6, binary)
  readonly act = attr(7, actions)
  readonly indev = attr(8, string)
  readonly pcnt = attr(9, binary)
  readonly mark = attr(10, binary)
  readonly flags = attr(11, u32)
}

/** The codec of {@link U32Attributes}. */
export const u32Filter = attributes('TCA_U32', new U32Attributes())
