import {
  type Attributes,
  attr,
  binary,
  element,
  excerpt,
  flatMessage,
  inside,
  kindOf,
  operation,
  type Struct,
  s32,
} from '../../netlink/index.ts'
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

class BriefLinkinfoAttributes {
  readonly link = kindOf(1, linkKinds)
}

/** The few attributes of a link that {@link briefLink} reads. */
class BriefLinkAttributes {
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
  readonly linkinfo = attr(18, excerpt('IFLA_INFO', new BriefLinkinfoAttributes()))
  /** IPv6 setting `accept_ra` of the link; absent where the kernel has no IPv6. */
  readonly acceptRa = attr(26, inside(AF.INET6, inside(IFLA_INET6_CONF, element(DEVCONF_ACCEPT_RA, s32))))
}

/** What most programs want to know of a link: a part of `Link` that is read in a fraction of the time. */
export interface BriefLink extends Struct<Ifinfomsg>, Attributes<BriefLinkAttributes> {}

const briefMessage = flatMessage(ifinfomsg, excerpt('IFLA', new BriefLinkAttributes()))

/** Has links described briefly: `getLink(socket, 'eth0', { as: briefLink })`. */
export const briefLink = operation<BriefLink, Partial<BriefLink>>('RTM_NEWLINK', 16, briefMessage)

class BriefBridgeinfoAttributes extends BriefLinkinfoAttributes {
  /** Of a bridge, 2 bytes of priority and the 6 of the hardware address that it is known by; of another kind, nothing of use. */
  readonly bridgeId = attr(2, inside(IFLA_BR_BRIDGE_ID, binary))
}

/** The attributes of a bridge that {@link briefBridge} reads. */
class BriefBridgeAttributes extends BriefLinkAttributes {
  override readonly linkinfo = attr(18, excerpt('IFLA_INFO', new BriefBridgeinfoAttributes()))
}

/** A {@link BriefLink} and, of a bridge, what `bridge_id` of `ip -details link` shows. */
export interface BriefBridge extends Struct<Ifinfomsg>, Attributes<BriefBridgeAttributes> {}

const briefBridgeMessage = flatMessage(ifinfomsg, excerpt('IFLA', new BriefBridgeAttributes()))

/** Has bridges described briefly: `getLink(socket, 'cni0', { as: briefBridge })`. */
export const briefBridge = operation<BriefBridge, Partial<BriefBridge>>('RTM_NEWLINK', 16, briefBridgeMessage)
