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
  request,
  string,
} from '../netlink/raw.ts'
import { type Nfgenmsg, nfgenmsg } from '../nfnetlink/index.ts'
import { familyName, familyNumber } from './family.ts'
import { describedRequest, operationsOn, type Put, putFlags, type Removal } from './operations.ts'
import type { TableRef } from './table-member.ts'
import { commentData, commentOf } from './user-data.ts'

/** Attributes of a table, `<linux/netfilter/nf_tables.h> NFTA_TABLE_*`. */
export class TableAttributes {
  readonly name = attr(1, string)
  readonly flags = attr(2, be32)
  readonly use = attr(3, be32)
  readonly handle = attr(4, be64)
  readonly userdata = attr(6, binary)
  readonly owner = attr(7, be32)
}

/** The codec of {@link TableAttributes}. */
export const tableAttributes = attributes('NFTA_TABLE', new TableAttributes())

/** Body of `NFT_MSG_*TABLE`. */
export const tableMessage: FlatMessageCodec<TableMessage> = flatMessage(nfgenmsg, tableAttributes)

/** The values of {@link tableMessage}. */
export interface TableMessage extends Partial<Nfgenmsg>, Attributes<TableAttributes> {}

export const tableOperations = operationsOn<TableMessage>('TABLE', tableMessage, { first: 0, destroy: 26 })

/** `<linux/netfilter/nf_tables.h> NFT_TABLE_F_*`. A dormant table sees no packets; an owned one ends with its socket. */
export const NFT_TABLE_F = { DORMANT: 1, OWNER: 2 } as const

export interface Table extends TableRef {
  /** {@link NFT_TABLE_F}; default: 0. */
  flags?: number | undefined
  comment?: string | undefined
}

/** A table as the kernel has it. */
export interface TableState extends Table {
  handle: bigint
  /** How many chains, sets and objects it has. */
  use: number
}

export function putTableRequest({ family, name, flags = 0, comment }: Table, put: Put): NetlinkRequest {
  const userdata = commentData(comment)
  const value = { family: familyNumber(family), name, flags, userdata }
  return describedRequest(`table ${family} ${name}`, tableOperations.new, value, putFlags[put])
}

export function removeTableRequest({ family, name }: TableRef, removal: Removal): NetlinkRequest {
  return describedRequest(`table ${family} ${name}`, tableOperations[removal], { family: familyNumber(family), name })
}

export function getTableRequest({ family, name }: TableRef): NetlinkRequest {
  return describedRequest(`table ${family} ${name}`, tableOperations.get, { family: familyNumber(family), name })
}

/** For a dump of all tables. */
export function listTablesRequest(): NetlinkRequest {
  return request(tableOperations.get, {})
}

/** @returns `undefined` for a message that is about no table of a known family */
export function decodeTable({ family, name, ...rest }: TableMessage): TableState | undefined {
  const known = familyName(family ?? 0)
  if (known === undefined || name === undefined) return undefined
  const { flags = 0, use = 0, handle = 0n, userdata } = rest
  return { family: known, name, flags, use, handle, comment: commentOf(userdata) }
}
