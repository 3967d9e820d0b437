import { binaryOf } from '../netlink/raw.ts'
import { type DataType, dataTypes } from './data-types.ts'
import { familyName } from './family.ts'
import type { KeyType } from './key-type.ts'
import { keyLength } from './key-type.ts'
import { objectKind } from './object.ts'
import { type MapData, type NamedSet, NFT_DATA_VERDICT, NFT_SET, type SetMessage, setComment } from './set.ts'

/**
 * A set as the kernel has it. Values of types that are not known here are bytes; a map to objects of a kind that has no
 * name here is as a set.
 */
export interface SetState extends NamedSet {
  /** `<linux/netfilter/nf_tables.h> NFT_SET_*` */
  flags: number
  handle: bigint
}

/** @returns `undefined` for a message that is about no set of a known family, and for sets that a rule has for itself */
export function decodeSet(message: SetMessage): SetState | undefined {
  const { family = 0, table, name, flags = 0, handle = 0n } = message
  const known = familyName(family)
  if (known === undefined || table === undefined || name === undefined || flags & NFT_SET.ANONYMOUS) return undefined
  const { timeout, gcInterval, desc, userdata, keyType = 0, keyLen = 0 } = message
  return {
    table: { family: known, name: table },
    name,
    key: typeOf(keyType, keyLen),
    data: dataOf(message),
    interval: (flags & NFT_SET.INTERVAL) !== 0,
    dynamic: (flags & NFT_SET.EVAL) !== 0,
    timeout: (flags & NFT_SET.TIMEOUT) !== 0,
    timeoutMs: timeout === undefined ? undefined : Number(timeout),
    gcIntervalMs: gcInterval,
    size: desc?.size,
    comment: setComment(userdata),
    flags,
    handle,
  }
}

function dataOf({ flags = 0, dataType = 0, dataLen = 0, objType = 0 }: SetMessage): MapData | undefined {
  if (flags & NFT_SET.OBJECT) return objectKind(objType)
  if (!(flags & NFT_SET.MAP)) return undefined
  return dataType === NFT_DATA_VERDICT ? 'verdict' : typeOf(dataType, dataLen)
}

/** The type that has this number and length, or bytes of that length. */
function typeOf(number: number, length: number): KeyType {
  const parts: DataType<unknown>[] = []
  for (let rest = number; rest > 0; rest >>>= 6) {
    const part = dataTypes.find(({ type }) => type === (rest & 0x3f))
    if (part) parts.unshift(part)
  }
  const [first] = parts
  const type = first && parts.length === 1 ? first : parts
  if (first && keyLength(type) === length) return type
  return { name: 'integer', type: number, codec: binaryOf(length), bigEndian: true }
}
