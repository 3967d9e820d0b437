import {
  type Attributes,
  arrayItem,
  attr,
  binary,
  flatMessage,
  kindOf,
  nestedAt,
  operation,
  partialAttributes,
  type Struct,
  s32,
} from '../../netlink/raw.ts'
import { AF } from '../constants.ts'
import { CommonLinkAttributes, type IF_OPER, type Ifinfomsg, ifinfomsg } from './attributes.ts'
import { linkKinds } from './link.ts'

/** `<linux/if_link.h> IFLA_INET6_CONF`: an array of a device's settings. */
const IFLA_INET6_CONF = 2
/** `<linux/ipv6.h>`: which of them says whether router advertisements are accepted. */
const DEVCONF_ACCEPT_RA = 3

/** `<linux/if_link.h> IFLA_BR_BRIDGE_ID` */
const IFLA_BR_BRIDGE_ID = 11

const common = new CommonLinkAttributes()

class LinkinfoSummaryAttributes {
  readonly link = kindOf(1, linkKinds)
}

/** The few attributes of a link that {@link linkSummary} reads. */
class LinkSummaryAttributes {
  readonly ifname = common.ifname
  readonly address = common.address
  /** Largest packet that the link takes, in bytes. */
  readonly mtu = common.mtu
  /** {@link IF_OPER} */
  readonly operstate = common.operstate
  /** Index of the bridge or other link that this one is a port of. */
  readonly master = common.master
  /** Index of the link this one sits on, or of its peer. */
  readonly link = common.link
  /** Number of the group that the link is in. */
  readonly group = common.group
  /** Description that administrators give it, at most 255 bytes. */
  readonly ifalias = common.ifalias
  /** Number that this namespace gives to the one of `link`; -1 when it has given none. */
  readonly linkNetnsid = common.linkNetnsid
  readonly linkinfo = attr(18, partialAttributes('IFLA_INFO', new LinkinfoSummaryAttributes()))
  /** IPv6 setting `accept_ra` of the link; absent where the kernel has no IPv6. */
  readonly acceptRa = attr(26, nestedAt(AF.INET6, nestedAt(IFLA_INET6_CONF, arrayItem(DEVCONF_ACCEPT_RA, s32))))
}

/** What most programs want to know of a link: a part of `Link` that is read in a fraction of the time. */
export interface LinkSummary extends Struct<Ifinfomsg>, Attributes<LinkSummaryAttributes> {}

const summaryMessage = flatMessage(ifinfomsg, partialAttributes('IFLA', new LinkSummaryAttributes()))

/** Has links described briefly: `getLink(socket, 'eth0', { as: linkSummary })`. */
export const linkSummary = operation<LinkSummary, Partial<LinkSummary>>('RTM_NEWLINK', 16, summaryMessage)

class BridgeinfoSummaryAttributes extends LinkinfoSummaryAttributes {
  /** Of a bridge, 2 bytes of priority and the 6 of the hardware address that it is known by; of another kind, meaningless. */
  readonly bridgeId = attr(2, nestedAt(IFLA_BR_BRIDGE_ID, binary))
}

/** The attributes of a bridge that {@link bridgeSummary} reads. */
class BridgeSummaryAttributes extends LinkSummaryAttributes {
  override readonly linkinfo = attr(18, partialAttributes('IFLA_INFO', new BridgeinfoSummaryAttributes()))
}

/** A {@link LinkSummary} and, of a bridge, what `bridge_id` of `ip -details link` shows. */
export interface BridgeSummary extends Struct<Ifinfomsg>, Attributes<BridgeSummaryAttributes> {}

const bridgeSummaryMessage = flatMessage(ifinfomsg, partialAttributes('IFLA', new BridgeSummaryAttributes()))

/** Has bridges described briefly: `getLink(socket, 'cni0', { as: bridgeSummary })`. */
export const bridgeSummary = operation<BridgeSummary, Partial<BridgeSummary>>('RTM_NEWLINK', 16, bridgeSummaryMessage)
