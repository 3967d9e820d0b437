import type { NetlinkRequest } from '../netlink/index.ts'
import {
  type Attributes,
  attr,
  attributes,
  be32,
  be64,
  binary,
  type Codec,
  each,
  type FlatMessageCodec,
  flatMessage,
  request,
  string,
} from '../netlink/raw.ts'
import { type Nfgenmsg, nfgenmsg } from '../nfnetlink/index.ts'
import { NF } from './data.ts'
import { counter } from './expressions/tables.ts'
import { familyName, familyNumber } from './family.ts'
import { type Hook, hookName, hookNumber, type Priority, priorityNumber } from './hook.ts'
import { describedRequest, operationsOn, type Put, putFlags, type Removal } from './operations.ts'
import { describeMember, inTable, type TableMember, type TableRef } from './table-member.ts'
import { commentData, commentOf } from './user-data.ts'
import { word } from './wire.ts'

class DevicesAttributes {
  readonly name = each(1, string)
}

const devices = attributes('NFTA_DEVICE', new DevicesAttributes())

/** A priority: signed, network byte order. */
const priority: Codec<number> = {
  write: (w, value) => be32.write(w, value >>> 0),
  read: (payload) => be32.read(payload) | 0,
}

/** Where a base chain is attached, `<linux/netfilter/nf_tables.h> NFTA_HOOK_*`. */
export class HookAttributes {
  readonly hooknum = attr(1, be32)
  readonly priority = attr(2, priority)
  readonly dev = attr(3, string)
  readonly devs = attr(4, devices)
}

/** The codec of {@link HookAttributes}. */
export const hookAttributes = attributes('NFTA_HOOK', new HookAttributes())

/** Attributes of a chain, `<linux/netfilter/nf_tables.h> NFTA_CHAIN_*`. */
export class ChainAttributes {
  readonly table = attr(1, string)
  readonly handle = attr(2, be64)
  readonly name = attr(3, string)
  readonly hook = attr(4, hookAttributes)
  readonly policy = attr(5, word({ DROP: NF.DROP, ACCEPT: NF.ACCEPT }))
  readonly use = attr(6, be32)
  readonly type = attr(7, string)
  readonly counters = attr(8, counter)
  readonly flags = attr(10, be32)
  readonly id = attr(11, be32)
  readonly userdata = attr(12, binary)
}

/** The codec of {@link ChainAttributes}. */
export const chainAttributes = attributes('NFTA_CHAIN', new ChainAttributes())

/** Body of `NFT_MSG_*CHAIN`. */
export const chainMessage: FlatMessageCodec<ChainMessage> = flatMessage(nfgenmsg, chainAttributes)

/** The values of {@link chainMessage}. */
export interface ChainMessage extends Partial<Nfgenmsg>, Attributes<ChainAttributes> {}

export const chainOperations = operationsOn<ChainMessage>('CHAIN', chainMessage, { first: 3, destroy: 27 })

/** What makes a chain see packets by itself. */
export interface BaseChain {
  type: 'filter' | 'nat' | 'route'
  hook: Hook
  /** A number, or its name as `nft` has them: `dstnat`. Lower ones come first. */
  priority: Priority
  /** What becomes of packets that reach its end; default: accept. */
  policy?: 'accept' | 'drop' | undefined
  /** Interfaces that the hooks `ingress` and `egress` are of. */
  devices?: readonly string[] | undefined
}

export interface Chain extends TableMember {
  /** Without it, other chains jump to this one. */
  base?: BaseChain | undefined
  comment?: string | undefined
}

/** A chain as the kernel has it. */
export interface ChainState extends Chain {
  base?: (BaseChain & { priority: number }) | undefined
  handle: bigint
  /** How many rules it has, and how many jump to it. */
  use: number
}

export function putChainRequest(chain: Chain, put: Put): NetlinkRequest {
  const { table, name, base, comment } = chain
  const value: ChainMessage = { ...inTable(table), name, userdata: commentData(comment) }
  if (base) {
    const { type, policy, devices = [] } = base
    value.hook = {
      hooknum: hookNumber(base.hook, table.family),
      priority: priorityNumber(base.priority, table.family),
      ...(devices.length === 1 ? { dev: devices[0] } : devices.length > 1 && { devs: { name: [...devices] } }),
    }
    Object.assign(value, { type, policy })
  }
  return describedRequest(describeMember('chain', chain), chainOperations.new, value, putFlags[put])
}

/** @throws NetlinkError when sent for a chain that has rules, or to which a rule jumps: `EBUSY` */
export function removeChainRequest(chain: TableMember, removal: Removal): NetlinkRequest {
  const value = { ...inTable(chain.table), name: chain.name }
  return describedRequest(describeMember('chain', chain), chainOperations[removal], value)
}

export function getChainRequest(chain: TableMember): NetlinkRequest {
  const value = { ...inTable(chain.table), name: chain.name }
  return describedRequest(describeMember('chain', chain), chainOperations.get, value)
}

/** For a dump of the chains of a family of tables; the kernel lists those of all its tables. */
export function listChainsRequest({ family }: TableRef): NetlinkRequest {
  return request(chainOperations.get, { family: familyNumber(family) })
}

/** @returns `undefined` for a message that is about no chain of a known family */
export function decodeChain(message: ChainMessage): ChainState | undefined {
  const { family = 0, table, name, use = 0, handle = 0n, userdata } = message
  const known = familyName(family)
  if (known === undefined || table === undefined || name === undefined) return undefined
  const chain: ChainState = { table: { family: known, name: table }, name, use, handle, comment: commentOf(userdata) }
  const base = baseOf(message, chain.table)
  if (base) chain.base = base
  return chain
}

function baseOf({ hook, type, policy }: ChainMessage, { family }: TableRef): ChainState['base'] {
  const named = hook && hookName(hook.hooknum ?? -1, family)
  if (named === undefined || (type !== 'filter' && type !== 'nat' && type !== 'route')) return undefined
  const base: ChainState['base'] = { type, hook: named, priority: hook?.priority ?? 0 }
  if (policy === 'accept' || policy === 'drop') base.policy = policy
  const devices = hook?.devs?.name ?? (hook?.dev === undefined ? [] : [hook.dev])
  if (devices.length > 0) base.devices = devices
  return base
}
