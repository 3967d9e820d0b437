import { type NetlinkRequest, NLM_F } from '../netlink/index.ts'
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
import { type Expression, expression } from './expressions/index.ts'
import { familyName } from './family.ts'
import { describedRequest, operationsOn, type Removal } from './operations.ts'
import { describeMember, inTable, type TableMember } from './table-member.ts'
import { commentData, commentOf } from './user-data.ts'
import { elements } from './wire.ts'

class CompatAttributes {
  readonly proto = attr(1, be32)
  readonly flags = attr(2, be32)
}

const compat = attributes('NFTA_RULE_COMPAT', new CompatAttributes())

/** Attributes of a rule, `<linux/netfilter/nf_tables.h> NFTA_RULE_*`. */
export class RuleAttributes {
  readonly table = attr(1, string)
  readonly chain = attr(2, string)
  readonly handle = attr(3, be64)
  readonly position = attr(6, be64)
  readonly expressions = attr(4, elements(expression))
  readonly compat = attr(5, compat)
  readonly userdata = attr(7, binary)
  readonly id = attr(9, be32)
  readonly positionId = attr(10, be32)
  readonly chainId = attr(11, be32)
}

/** The codec of {@link RuleAttributes}. */
export const ruleAttributes = attributes('NFTA_RULE', new RuleAttributes())

/** Body of `NFT_MSG_*RULE`. */
export const ruleMessage: FlatMessageCodec<RuleMessage> = flatMessage(nfgenmsg, ruleAttributes)

/** The values of {@link ruleMessage}. */
export interface RuleMessage extends Partial<Nfgenmsg>, Attributes<RuleAttributes> {}

export const ruleOperations = operationsOn<RuleMessage>('RULE', ruleMessage, { first: 6, destroy: 28 })

export interface Rule {
  chain: TableMember
  expressions: readonly Expression[]
  comment?: string | undefined
}

/** Which rule. The kernel gives the handle. */
export interface RuleRef {
  chain: TableMember
  handle: bigint
}

/** A rule as the kernel has it. */
export interface RuleState extends Rule, RuleRef {
  /** The rule before it. */
  position?: bigint | undefined
  /** What `nft` keeps with it, the comment included. */
  userdata?: Uint8Array | undefined
}

/** Where a rule goes. */
export interface RulePosition {
  /** Before all others, or before the rule with the handle `at`; else behind. */
  first?: boolean | undefined
  /** Handle of another rule of the chain. */
  at?: bigint | undefined
  /** Whether the kernel sends the rule back, with its handle. */
  echo?: boolean | undefined
}

export function putRuleRequest({ chain, expressions, comment }: Rule, position: RulePosition = {}): NetlinkRequest {
  const value = {
    ...inChain(chain),
    position: position.at,
    expressions: [...expressions],
    userdata: commentData(comment),
  }
  const flags = NLM_F.CREATE | (position.first ? 0 : NLM_F.APPEND) | (position.echo ? NLM_F.ECHO : 0)
  return describedRequest(describeMember('rule', chain), ruleOperations.new, value, flags)
}

/** Puts a rule in the place of the one with a handle. */
export function replaceRuleRequest({ chain, expressions, comment }: Rule, handle: bigint): NetlinkRequest {
  const value = { ...inChain(chain), handle, expressions: [...expressions], userdata: commentData(comment) }
  return describedRequest(describeMember('rule', chain), ruleOperations.new, value, NLM_F.REPLACE)
}

export function removeRuleRequest({ chain, handle }: RuleRef, removal: Removal): NetlinkRequest {
  return describedRequest(describeMember('rule', chain), ruleOperations[removal], { ...inChain(chain), handle })
}

/** Removes all rules of a chain. */
export function removeRulesRequest(chain: TableMember): NetlinkRequest {
  return describedRequest(describeMember('chain', chain), ruleOperations.delete, inChain(chain))
}

/** For a dump of the rules of a chain. */
export function listRulesRequest(chain: TableMember): NetlinkRequest {
  return request(ruleOperations.get, inChain(chain))
}

function inChain(chain: TableMember): { family: number; table: string; chain: string } {
  return { ...inTable(chain.table), chain: chain.name }
}

/** @returns `undefined` for a message that is about no rule of a known family */
export function decodeRule({ family = 0, table, chain, ...rest }: RuleMessage): RuleState | undefined {
  const known = familyName(family)
  if (known === undefined || table === undefined || chain === undefined) return undefined
  const { handle = 0n, position, expressions = [], userdata } = rest
  const member = { table: { family: known, name: table }, name: chain }
  return { chain: member, handle, position, expressions, userdata, comment: commentOf(userdata) }
}
