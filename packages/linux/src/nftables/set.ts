import type { NetlinkRequest } from '../netlink/index.ts'
import {
  type Attributes,
  attr,
  attributes,
  be32,
  be64,
  binary,
  type FlatMessageCodec,
  flatMessage,
  littleEndian,
  request,
  string,
  type Value,
} from '../netlink/raw.ts'
import { type Nfgenmsg, nfgenmsg } from '../nfnetlink/index.ts'
import { statefulExpression } from './expressions/index.ts'
import { isConcatenation, type KeyType, keyLength, keyTypeNumber, partsOf } from './key-type.ts'
import { isObjectKind, type ObjectKind, objectNumber } from './object.ts'
import { describedRequest, operationsOn, type Put, putFlags, type Removal } from './operations.ts'
import { describeMember, inTable, type TableMember, type TableRef } from './table-member.ts'
import { readComment, readUserData, writeComment, writeUserData } from './user-data.ts'
import { elements, word } from './wire.ts'

class FieldAttributes {
  readonly len = attr(1, be32)
}

const field = attributes('NFTA_SET_FIELD', new FieldAttributes())
class DescriptionAttributes {
  readonly size = attr(1, be32)
  readonly concat = attr(2, elements(field))
}

const description = attributes('NFTA_SET_DESC', new DescriptionAttributes())

/** `<linux/netfilter/nf_tables.h> NFT_SET_POL_*` */
const policies = { PERFORMANCE: 0, MEMORY: 1 } as const

/** Attributes of a set, `<linux/netfilter/nf_tables.h> NFTA_SET_*`. */
export class SetAttributes {
  readonly table = attr(1, string)
  readonly name = attr(2, string)
  readonly handle = attr(16, be64)
  readonly flags = attr(3, be32)
  readonly keyType = attr(4, be32)
  readonly keyLen = attr(5, be32)
  readonly dataType = attr(6, be32)
  readonly dataLen = attr(7, be32)
  readonly objType = attr(15, be32)
  readonly policy = attr(8, word(policies))
  readonly desc = attr(9, description)
  readonly id = attr(10, be32)
  readonly timeout = attr(11, be64)
  readonly gcInterval = attr(12, be32)
  readonly userdata = attr(13, binary)
  readonly expr = attr(17, statefulExpression)
  readonly expressions = attr(18, elements(statefulExpression))
  readonly type = attr(19, string)
  readonly count = attr(20, be32)
}

/** The codec of {@link SetAttributes}. */
export const setAttributes = attributes('NFTA_SET', new SetAttributes())

/** Body of `NFT_MSG_*SET`. */
export const setMessage: FlatMessageCodec<SetMessage> = flatMessage(nfgenmsg, setAttributes)

/** The values of {@link setMessage}. */
export interface SetMessage extends Partial<Nfgenmsg>, Attributes<SetAttributes> {}

export const setOperations = operationsOn<SetMessage>('SET', setMessage, { first: 9, destroy: 29 })

/** `<linux/netfilter/nf_tables.h> NFT_SET_*`: flags of a set. */
export const NFT_SET = {
  ANONYMOUS: 0x1,
  CONSTANT: 0x2,
  INTERVAL: 0x4,
  MAP: 0x8,
  TIMEOUT: 0x10,
  EVAL: 0x20,
  OBJECT: 0x40,
  CONCAT: 0x80,
  EXPR: 0x100,
} as const

/** The type of data that verdicts are, `<linux/netfilter/nf_tables.h>`. */
export const NFT_DATA_VERDICT = 0xffffff00

/** What the elements of a map hold beside their keys: a value of a type, a verdict, or an object of a kind. */
export type MapData = KeyType | 'verdict' | ObjectKind

/** What every set may say about itself. */
export interface SetOptions extends TableMember {
  /** Elements are ranges: they have an `end`. */
  interval?: boolean | undefined
  /** Rules may add elements. */
  dynamic?: boolean | undefined
  /** Elements may have a timeout of their own. */
  timeout?: boolean | undefined
  /** How long elements without one stay, in milliseconds. */
  timeoutMs?: number | undefined
  /** How often elements whose time is over are cleared away, in milliseconds. */
  gcIntervalMs?: number | undefined
  /** The most elements it may have. */
  size?: number | undefined
  comment?: string | undefined
}

/** A set, or with `data` a map. Made by {@link namedSet} and {@link namedMap}. */
export interface NamedSet<K extends KeyType = KeyType, D extends MapData | undefined = MapData | undefined>
  extends SetOptions {
  readonly key: K
  readonly data: D
}

/** A set: keys that packets are looked for among. */
export function namedSet<const K extends KeyType>(options: SetOptions & { key: K }): NamedSet<K, undefined> {
  return { ...options, data: undefined }
}

/** A map: keys and what each stands for, a value of a type, a verdict, or the counter and the like of some name. */
export function namedMap<const K extends KeyType, const D extends MapData>(
  options: SetOptions & { key: K; data: D },
): NamedSet<K, D> {
  return options
}

/** @param id tells the sets of a batch apart; the kernel insists on one */
export function putSetRequest(set: NamedSet, put: Put, id: number): NetlinkRequest {
  const value: SetMessage = {
    ...inTable(set.table),
    name: set.name,
    flags: flagsOf(set),
    keyType: keyTypeNumber(set.key),
    keyLen: keyLength(set.key),
    ...dataOf(set),
    desc: descriptionOf(set),
    id,
    timeout: set.timeoutMs === undefined ? undefined : BigInt(set.timeoutMs),
    gcInterval: set.gcIntervalMs,
    userdata: userDataOf(set),
  }
  return describedRequest(describeMember('set', set), setOperations.new, value, putFlags[put])
}

function flagsOf(set: NamedSet): number {
  const { interval, timeout = set.timeoutMs !== undefined, dynamic, key, data } = set
  let flags = 0
  if (interval) flags |= NFT_SET.INTERVAL
  if (interval && isConcatenation(key)) flags |= NFT_SET.CONCAT
  if (data !== undefined) flags |= isObjectKind(data) ? NFT_SET.OBJECT : NFT_SET.MAP
  if (timeout) flags |= NFT_SET.TIMEOUT
  if (dynamic) flags |= NFT_SET.EVAL
  return flags
}

function dataOf({ data }: NamedSet): SetMessage {
  if (data === undefined) return {}
  if (data === 'verdict') return { dataType: NFT_DATA_VERDICT, dataLen: 0 }
  if (isObjectKind(data)) return { objType: objectNumber(data) }
  return { dataType: keyTypeNumber(data), dataLen: keyLength(data) }
}

function descriptionOf({ key, interval, size }: NamedSet): Value<typeof description> | undefined {
  const concat = interval && isConcatenation(key) ? key.map(({ codec }) => ({ len: codec.size })) : undefined
  return concat || size !== undefined ? { size, concat } : undefined
}

/** Parts of the user data of sets, as `nft` numbers them. */
const part = { KEY_BYTEORDER: 0, DATA_BYTEORDER: 1, DATA_INTERVAL: 6, COMMENT: 7 } as const

/** What `nft` keeps with a set: in which order the bytes of its values stand. */
function userDataOf({ key, data, comment }: NamedSet): Uint8Array {
  const parts: [number, Uint8Array][] = [[part.KEY_BYTEORDER, number32(byteOrderOf(key))]]
  if (data !== undefined) {
    if (!isObjectKind(data)) parts.push([part.DATA_BYTEORDER, number32(data === 'verdict' ? 0 : byteOrderOf(data))])
    parts.push([part.DATA_INTERVAL, number32(0)])
  }
  if (comment !== undefined) parts.push([part.COMMENT, writeComment(comment)])
  return writeUserData(parts)
}

/** `nft` has 1 for the host's order, 2 for the network's, and nothing for a concatenation. */
function byteOrderOf(type: KeyType): number {
  if (isConcatenation(type)) return 0
  return partsOf(type)[0]?.bigEndian ? 2 : 1
}

/** In the host's order. */
function number32(value: number): Uint8Array {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, value, littleEndian)
  return bytes
}

/** The comment in the user data of a set. */
export function setComment(userdata: Uint8Array | undefined): string | undefined {
  const comment = userdata && readUserData(userdata).get(part.COMMENT)
  return comment && readComment(comment)
}

export function removeSetRequest(set: TableMember, removal: Removal): NetlinkRequest {
  return describedRequest(describeMember('set', set), setOperations[removal], { ...inTable(set.table), name: set.name })
}

export function getSetRequest(set: TableMember): NetlinkRequest {
  return describedRequest(describeMember('set', set), setOperations.get, { ...inTable(set.table), name: set.name })
}

/** For a dump of the sets and maps of a table. */
export function listSetsRequest(table: TableRef): NetlinkRequest {
  return request(setOperations.get, inTable(table))
}
