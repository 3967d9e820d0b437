import type { NetlinkRequest } from '../netlink/index.ts'
import {
  type Attributes,
  attr,
  attributes,
  be16,
  be32,
  be64,
  binary,
  type Codec,
  type Entry,
  type FlatMessageCodec,
  flatMessage,
  NLA_F_NESTED,
  request,
  string,
  u8,
  type Value,
} from '../netlink/raw.ts'
import { type Nfgenmsg, nfgenmsg } from '../nfnetlink/index.ts'
import { NFT_OBJECT } from './expressions/index.ts'
import { connlimit, counter, limit, quota, synproxy } from './expressions/tables.ts'
import { familyName } from './family.ts'
import { describedRequest, operationsOn, type Put, putFlags, type Removal } from './operations.ts'
import { describeMember, inTable, type TableMember, type TableRef } from './table-member.ts'
import { commentData, commentOf } from './user-data.ts'

class HelperAttributes {
  readonly name = attr(1, string)
  readonly l3proto = attr(2, be16)
  readonly l4proto = attr(3, u8)
}

const helper = attributes('NFTA_CT_HELPER', new HelperAttributes())

class TimeoutAttributes {
  readonly l3proto = attr(1, be16)
  readonly l4proto = attr(2, u8)
  readonly data = attr(3, binary)
}

const timeout = attributes('NFTA_CT_TIMEOUT', new TimeoutAttributes())

const kinds = {
  counter: [NFT_OBJECT.COUNTER, counter],
  quota: [NFT_OBJECT.QUOTA, quota],
  limit: [NFT_OBJECT.LIMIT, limit],
  connlimit: [NFT_OBJECT.CONNLIMIT, connlimit],
  synproxy: [NFT_OBJECT.SYNPROXY, synproxy],
  ctHelper: [NFT_OBJECT.CT_HELPER, helper],
  ctTimeout: [NFT_OBJECT.CT_TIMEOUT, timeout],
} as const

type Kinds = typeof kinds

/** What a map may have the names of. */
export type ObjectKind = keyof Kinds

/** What an object is, and its state. A kind that is not in the table has its number and its data as bytes. */
export type ObjectState =
  | { [K in keyof Kinds]: { kind: K; data?: Value<Kinds[K][1]> } }[keyof Kinds]
  | { kind: 'other'; type: number; data?: never; bytes?: Uint8Array }

const TYPE = 3
const DATA = 4

/** `NFTA_OBJ_TYPE` says how `NFTA_OBJ_DATA` is laid out. */
const state: Entry<ObjectState> = {
  types: [TYPE, DATA],
  write(w, value: ObjectState) {
    const [type, codec] = value.kind === 'other' ? [value.type] : kindLayout(value.kind)
    w.attribute(TYPE, () => be32.write(w, type))
    if (value.kind === 'other') {
      const { bytes } = value
      if (bytes) w.attribute(DATA, () => w.bytes(bytes))
    } else w.attribute(DATA | NLA_F_NESTED, () => codec?.write(w, value.data ?? {}))
  },
  read(list) {
    const [number, data] = [list.last(TYPE), list.last(DATA)]
    if (!number) return undefined
    const type = be32.read(number)
    const kind = objectKind(type)
    if (kind === undefined) return { kind: 'other', type, ...(data && { bytes: data }) }
    // The kind has been found in the table that the type is made of.
    return { kind, ...(data && { data: kindLayout(kind)[1].read(data) }) } as ObjectState
  },
}

function kindLayout(kind: ObjectKind): readonly [number, Codec<object>] {
  return kinds[kind]
}

export function isObjectKind(value: unknown): value is ObjectKind {
  return typeof value === 'string' && Object.hasOwn(kinds, value)
}

/** `<linux/netfilter/nf_tables.h> NFT_OBJECT_*` */
export function objectNumber(kind: ObjectKind): number {
  return kindLayout(kind)[0]
}

/** @returns `undefined` for a kind that has no name here */
export function objectKind(number: number): ObjectKind | undefined {
  return Object.keys(kinds)
    .filter(isObjectKind)
    .find((kind) => objectNumber(kind) === number)
}

/** Attributes of an object, `<linux/netfilter/nf_tables.h> NFTA_OBJ_*`. */
export class ObjectAttributes {
  readonly table = attr(1, string)
  readonly name = attr(2, string)
  readonly state = state
  readonly use = attr(5, be32)
  readonly handle = attr(6, be64)
  readonly userdata = attr(8, binary)
}

/** The codec of {@link ObjectAttributes}. */
export const objectAttributes = attributes('NFTA_OBJ', new ObjectAttributes())

/** Body of `NFT_MSG_*OBJ`. */
export const objectMessage: FlatMessageCodec<ObjectMessage> = flatMessage(nfgenmsg, objectAttributes)

/** The values of {@link objectMessage}. */
export interface ObjectMessage extends Partial<Nfgenmsg>, Attributes<ObjectAttributes> {}

export const objectOperations = operationsOn<ObjectMessage>('OBJ', objectMessage, { first: 18, destroy: 31 })

/** A counter, a quota and the like that rules and elements refer to by name. */
export interface NamedObject extends TableMember {
  /** Its kind alone says which object is meant: several may have one name. */
  state: ObjectState
  comment?: string | undefined
}

/** An object as the kernel has it. */
export interface ListedObject extends NamedObject {
  handle: bigint
  /** How many rules and elements refer to it. */
  use: number
}

export function putObjectRequest(object: NamedObject, put: Put): NetlinkRequest {
  const { table, name, state, comment } = object
  const value = { ...inTable(table), name, state, userdata: commentData(comment) }
  return describedRequest(describeMember(state.kind, object), objectOperations.new, value, putFlags[put])
}

export function removeObjectRequest(object: NamedObject, removal: Removal): NetlinkRequest {
  const { table, name, state } = object
  return describedRequest(describeMember(state.kind, object), objectOperations[removal], {
    ...inTable(table),
    name,
    state,
  })
}

export function getObjectRequest(object: NamedObject): NetlinkRequest {
  const { table, name, state } = object
  return describedRequest(describeMember(state.kind, object), objectOperations.get, { ...inTable(table), name, state })
}

/** For a dump of the objects of a table. */
export function listObjectsRequest(table: TableRef): NetlinkRequest {
  return request(objectOperations.get, inTable(table))
}

/** @returns `undefined` for a message that is about no object of a known family */
export function decodeObject({ family = 0, table, name, ...rest }: ObjectMessage): ListedObject | undefined {
  const known = familyName(family)
  const { state, use = 0, handle = 0n, userdata } = rest
  if (known === undefined || table === undefined || name === undefined || !state) return undefined
  return { table: { family: known, name: table }, name, state, comment: commentOf(userdata), use, handle }
}
