import {
  type Attributes,
  attr,
  attributes,
  binary,
  type Message,
  type MessageCodec,
  message,
  operation,
  type PartialMessage,
  padding,
  type Struct,
  s32,
  struct,
  u8,
  u32,
  variant,
} from '../netlink/raw.ts'
import { matchall } from './filters/matchall.ts'
import { u32Filter } from './filters/u32.ts'
import { describeHandle } from './handle.ts'
import { htb, htbClass } from './qdiscs/htb.ts'
import { tbf } from './qdiscs/tbf.ts'

/** `struct tcmsg`, `<linux/rtnetlink.h>`. */
export class Tcmsg {
  readonly family = u8
  readonly pad1 = padding(1)
  readonly pad2 = padding(2)
  /** Index of the link. */
  readonly ifindex = s32
  readonly handle = u32
  readonly parent = u32
  /** Of a filter: its priority in the upper half, its protocol (`ETH_P_*`) in network byte order in the lower. */
  readonly info = u32
}

/** The codec of {@link Tcmsg}. */
export const tcmsg = struct(new Tcmsg())

/** What a message is about. */
export interface TcmsgFields {
  /** Index of the link. */
  index: number
  parent?: number | undefined
  handle?: number | undefined
  info?: number | undefined
}

/** The header of a message; what is left out is 0. */
export function headerOf({ index, parent = 0, handle = 0, info = 0 }: TcmsgFields): Struct<Tcmsg> {
  return { family: 0, ifindex: index, handle, parent, info }
}

/** Attributes that queueing disciplines, classes and filters have, `<linux/rtnetlink.h> TCA_*`. */
class CommonTcAttributes {
  readonly stats = attr(3, binary)
  readonly xstats = attr(4, binary)
  readonly rate = attr(5, binary)
  readonly stats2 = attr(7, binary)
  readonly stab = attr(8, binary)
  readonly chain = attr(11, u32)
  readonly hwOffload = attr(12, u8)
  readonly ingressBlock = attr(13, u32)
  readonly egressBlock = attr(14, u32)
}

/** Attributes of a queueing discipline. */
export class QdiscAttributes extends CommonTcAttributes {
  readonly qdisc = variant(1, 2, { tbf, htb })
}

/** Attributes of a class. */
export class ClassAttributes extends CommonTcAttributes {
  readonly class = variant(1, 2, { htb: htbClass })
}

/** Attributes of a filter. */
export class FilterAttributes extends CommonTcAttributes {
  readonly filter = variant(1, 2, { u32: u32Filter, matchall })
}

/** The codec of {@link QdiscAttributes}. */
export const qdiscAttributes = attributes('TCA', new QdiscAttributes())

/** The codec of {@link ClassAttributes}. */
export const classAttributes = attributes('TCA', new ClassAttributes())

/** The codec of {@link FilterAttributes}. */
export const filterAttributes = attributes('TCA', new FilterAttributes())

/** The values of {@link qdiscMessage}. */
export interface QdiscMessage extends Message<Struct<Tcmsg>, Attributes<QdiscAttributes>> {}

/** The values of {@link classMessage}. */
export interface ClassMessage extends Message<Struct<Tcmsg>, Attributes<ClassAttributes>> {}

/** The values of {@link filterMessage}. */
export interface FilterMessage extends Message<Struct<Tcmsg>, Attributes<FilterAttributes>> {}

/** Body of `RTM_*QDISC`. */
export const qdiscMessage: MessageCodec<QdiscMessage> = message(tcmsg, qdiscAttributes)

/** Body of `RTM_*TCLASS`. */
export const classMessage: MessageCodec<ClassMessage> = message(tcmsg, classAttributes)

/** Body of `RTM_*TFILTER`. */
export const filterMessage: MessageCodec<FilterMessage> = message(tcmsg, filterAttributes)

function describeQdisc({ header, attributes: all }: PartialMessage<QdiscMessage>): string {
  return `${kindIn(all?.qdisc)}queueing discipline ${place(header)}`
}

function describeClass({ header }: PartialMessage<ClassMessage>): string {
  return `class ${describeHandle(header?.handle ?? 0)} of link ${header?.ifindex}`
}

function describeFilter({ header, attributes: all }: PartialMessage<FilterMessage>): string {
  return `${kindIn(all?.filter)}filter ${place(header)}`
}

function kindIn(kind: { kind: string; name?: string } | undefined): string {
  return kind === undefined ? '' : `"${kind.name ?? kind.kind}" `
}

function place(header: Partial<Struct<Tcmsg>> | undefined): string {
  return `at ${describeHandle(header?.parent ?? 0)} of link ${header?.ifindex}`
}

/** Operations on queueing disciplines, `<linux/rtnetlink.h> RTM_*QDISC`. */
export const qdiscOperations = {
  add: operation('RTM_NEWQDISC', 36, qdiscMessage, describeQdisc),
  delete: operation('RTM_DELQDISC', 37, qdiscMessage, describeQdisc),
  get: operation('RTM_GETQDISC', 38, qdiscMessage, describeQdisc),
  reply: operation('RTM_NEWQDISC', 36, qdiscMessage),
} as const

/** Operations on classes, `<linux/rtnetlink.h> RTM_*TCLASS`. */
export const classOperations = {
  add: operation('RTM_NEWTCLASS', 40, classMessage, describeClass),
  delete: operation('RTM_DELTCLASS', 41, classMessage, describeClass),
  get: operation('RTM_GETTCLASS', 42, classMessage, describeClass),
  reply: operation('RTM_NEWTCLASS', 40, classMessage),
} as const

/** Operations on filters, `<linux/rtnetlink.h> RTM_*TFILTER`. */
export const filterOperations = {
  add: operation('RTM_NEWTFILTER', 44, filterMessage, describeFilter),
  delete: operation('RTM_DELTFILTER', 45, filterMessage, describeFilter),
  get: operation('RTM_GETTFILTER', 46, filterMessage, describeFilter),
  reply: operation('RTM_NEWTFILTER', 44, filterMessage),
} as const
