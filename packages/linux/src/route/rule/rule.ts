import type { CIDR } from '@patchbay/address'
import { type NetlinkRequest, type NetlinkSocket, NLM_F } from '../../netlink/index.ts'
import {
  type Attributes,
  attr,
  attributes,
  be64,
  boolean8,
  ip,
  type Message,
  type MessageCodec,
  message,
  operation,
  type PartialMessage,
  padding,
  request,
  type Struct,
  string,
  struct,
  u8,
  u16,
  u32,
} from '../../netlink/raw.ts'
import { blockOf } from '../block.ts'
import { AF, familyOf } from '../constants.ts'
import { placeOfTable, RT_TABLE } from '../route/message.ts'

/** `struct fib_rule_hdr`, `<linux/fib_rules.h>`. */
export class FibRuleHdr {
  readonly family = u8
  readonly dstLen = u8
  readonly srcLen = u8
  readonly tos = u8
  readonly table = u8
  readonly res1 = padding(1)
  readonly res2 = padding(1)
  /** {@link FR_ACT} */
  readonly action = u8
  /** {@link FIB_RULE} */
  readonly flags = u32
}

/** The codec of {@link FibRuleHdr}. */
export const fibRuleHdr = struct(new FibRuleHdr())

/** `struct fib_rule_uid_range`, `<linux/fib_rules.h>`: both ends included. */
const uidRange = struct({ start: u32, end: u32 })

/** `struct fib_rule_port_range`, `<linux/fib_rules.h>`: both ends included. */
const portRange = struct({ start: u16, end: u16 })

/** Attributes of a rule, `<linux/fib_rules.h> FRA_*`. */
export class RuleAttributes {
  readonly dst = attr(1, ip)
  readonly src = attr(2, ip)
  readonly iifname = attr(3, string)
  readonly goto = attr(4, u32)
  readonly priority = attr(6, u32)
  readonly fwmark = attr(10, u32)
  readonly flow = attr(11, u32)
  readonly tunId = attr(12, be64)
  readonly suppressIfgroup = attr(13, u32)
  readonly suppressPrefixlen = attr(14, u32)
  readonly table = attr(15, u32)
  readonly fwmask = attr(16, u32)
  readonly oifname = attr(17, string)
  readonly l3mdev = attr(19, boolean8)
  readonly uidRange = attr(20, uidRange)
  /** `RTPROT` */
  readonly protocol = attr(21, u8)
  readonly ipProto = attr(22, u8)
  readonly sportRange = attr(23, portRange)
  readonly dportRange = attr(24, portRange)
}

/** The codec of {@link RuleAttributes}. */
export const ruleAttributes = attributes('FRA', new RuleAttributes())

/** The values of {@link ruleMessage}. */
export interface RuleMessage extends Message<Struct<FibRuleHdr>, Attributes<RuleAttributes>> {}

/** Body of `RTM_*RULE`. */
export const ruleMessage: MessageCodec<RuleMessage> = message(fibRuleHdr, ruleAttributes)

function describeRule({ attributes }: PartialMessage<RuleMessage>): string {
  const from = attributes?.src === undefined ? '' : ` from ${attributes.src}`
  return `rule ${attributes?.priority ?? 'of the next free priority'}${from}`
}

/** Operations on rules, `<linux/rtnetlink.h> RTM_*RULE`. */
export const ruleOperations = {
  add: operation('RTM_NEWRULE', 32, ruleMessage, describeRule),
  delete: operation('RTM_DELRULE', 33, ruleMessage, describeRule),
  get: operation('RTM_GETRULE', 34, ruleMessage, () => 'rules'),
  reply: operation('RTM_NEWRULE', 32, ruleMessage),
} as const

/** `<linux/fib_rules.h> FR_ACT_*`: what a rule does. */
export const FR_ACT = { TO_TBL: 1, GOTO: 2, NOP: 3, BLACKHOLE: 6, UNREACHABLE: 7, PROHIBIT: 8 } as const

/** `<linux/fib_rules.h> FIB_RULE_*`: bits of a rule's flags. */
export const FIB_RULE = { PERMANENT: 1, INVERT: 2, UNRESOLVED: 4, IIF_DETACHED: 8, OIF_DETACHED: 16 } as const

/** A rule, by which the kernel chooses the table that a packet is routed by: `ip rule`. */
export interface Rule {
  family: 4 | 6
  /** The lower is asked first; the kernel chooses one by default, ahead of the main table. */
  priority?: number | undefined
  /** What it applies to, all by default: where a packet comes from, ... */
  src?: CIDR | undefined
  /** ... where it goes to, ... */
  dst?: CIDR | undefined
  /** ... the link it came in by, ... */
  iifname?: string | undefined
  /** ... the link that its sender is bound to, ... */
  oifname?: string | undefined
  /** ... or its mark, of which `fwmask` are the bits that count. */
  fwmark?: number | undefined
  fwmask?: number | undefined
  /** The table that it leads to, `RT_TABLE`. */
  table?: number | undefined
  /** {@link FR_ACT}; default TO_TBL. */
  action?: number | undefined
  /** {@link FIB_RULE} */
  flags?: number | undefined
  /** Whether it leads to the table of the vrf that the packet's link belongs to. */
  l3mdev?: boolean | undefined
  /** `RTPROT`: who made it; by default it does not say. */
  protocol?: number | undefined
  /** What the table finds does not count, when its prefix is as short as that. */
  suppressPrefixlen?: number | undefined
}

function encodeRule(rule: Rule): RuleMessage {
  const { family, src, dst, table = RT_TABLE.UNSPEC, action = FR_ACT.TO_TBL, flags = 0 } = rule
  const { priority, iifname, oifname, fwmark, fwmask, l3mdev, protocol, suppressPrefixlen } = rule
  const place = placeOfTable(table)
  return {
    header: {
      family: familyOf(family),
      dstLen: dst?.prefixLength ?? 0,
      srcLen: src?.prefixLength ?? 0,
      tos: 0,
      table: place.header,
      action,
      flags,
    },
    attributes: {
      src: src?.network,
      dst: dst?.network,
      priority,
      iifname,
      oifname,
      fwmark,
      fwmask,
      l3mdev,
      protocol,
      suppressPrefixlen,
      table: place.attribute,
    },
  }
}

/** The rule that a message of the kernel describes; `undefined` for one of another family than IPv4 and IPv6. */
export function decodeRule({ header, attributes: all }: RuleMessage): Rule | undefined {
  if (header.family !== AF.INET && header.family !== AF.INET6) return undefined
  const family = header.family === AF.INET ? 4 : 6
  // The kernel leaves the priority out where it is 0.
  const rule: Rule = { family, priority: all.priority ?? 0, table: all.table ?? header.table, action: header.action }
  // The kernel leaves out what applies to all.
  const src = all.src && blockOf(header.family, all.src, header.srcLen)
  if (src) rule.src = src
  const dst = all.dst && blockOf(header.family, all.dst, header.dstLen)
  if (dst) rule.dst = dst
  if (header.flags !== 0) rule.flags = header.flags
  if (all.l3mdev) rule.l3mdev = true
  copyGiven(all, rule)
  return rule
}

/** `suppress_prefixlen` of a rule that suppresses nothing. */
const NOTHING = 0xffffffff

function copyGiven(all: RuleMessage['attributes'], rule: Rule): void {
  for (const key of ['iifname', 'oifname'] as const) if (all[key] !== undefined) rule[key] = all[key]
  for (const key of ['fwmark', 'fwmask', 'protocol'] as const) if (all[key] !== undefined) rule[key] = all[key]
  const { suppressPrefixlen = NOTHING } = all
  if (suppressPrefixlen !== NOTHING) rule.suppressPrefixlen = suppressPrefixlen
}

/** The request of {@link addRule}, for sending several in one go. */
export function addRuleRequest(rule: Rule): NetlinkRequest {
  return request(ruleOperations.add, encodeRule(rule), NLM_F.CREATE | NLM_F.EXCL)
}

/**
 * Adds a rule.
 *
 * @throws NetlinkError `EEXIST` when a rule that is the same in all that is given is there; `EAFNOSUPPORT` on a kernel
 *   without policy routing
 */
export async function addRule(socket: NetlinkSocket, rule: Rule): Promise<void> {
  await socket.request(addRuleRequest(rule))
}

/** The request of {@link deleteRule}, for sending several in one go. */
export function deleteRuleRequest(rule: Rule): NetlinkRequest {
  return request(ruleOperations.delete, encodeRule({ ...rule, action: rule.action ?? 0 }))
}

/**
 * Deletes the first rule that agrees in all that is given.
 *
 * @throws NetlinkError `ENOENT` when no rule is like this one
 */
export async function deleteRule(socket: NetlinkSocket, rule: Rule): Promise<void> {
  await socket.request(deleteRuleRequest(rule))
}

/** The rules of IPv4, of IPv6, or of both, in the order in which they are asked. */
export async function listRules(socket: NetlinkSocket, filter: { family?: 4 | 6 | undefined } = {}): Promise<Rule[]> {
  const header = { family: familyOf(filter.family), dstLen: 0, srcLen: 0, tos: 0, table: 0, action: 0, flags: 0 }
  const messages = await socket.list(request(ruleOperations.get, { header, attributes: {} }), ruleOperations.reply)
  // IPv6 may be a module that was loaded before or after others have rules: the kernel lists families in that order.
  return messages
    .map(decodeRule)
    .filter((rule) => rule !== undefined)
    .sort((a, b) => a.family - b.family)
}
