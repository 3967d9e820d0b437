import {
  attr,
  binary,
  element,
  excerpt,
  flatMessage,
  inside,
  kindOf,
  operation,
  s32,
  type Value,
} from '../../netlink/index.ts'
import { AF } from '../constants.ts'
import { commonAttributes, ifinfomsg } from './attributes.ts'
import { linkKinds } from './link.ts'

const { ifname, address, mtu, operstate, master, link, group, linkNetnsid } = commonAttributes

/** `<linux/if_link.h> IFLA_INET6_CONF`: an array of a device's settings. */
const IFLA_INET6_CONF = 2
/** `<linux/ipv6.h>`: which of them says whether router advertisements are accepted. */
const DEVCONF_ACCEPT_RA = 3

/** `<linux/if_link.h> IFLA_BR_BRIDGE_ID` */
const IFLA_BR_BRIDGE_ID = 11

const kind = kindOf(1, linkKinds)

const briefTable = {
  ifname,
  address,
  mtu,
  operstate,
  master,
  link,
  group,
  linkNetnsid,
  linkinfo: attr(18, excerpt('IFLA_INFO', { link: kind })),
  /** IPv6 setting `accept_ra` of the link; absent where the kernel has no IPv6. */
  acceptRa: attr(26, inside(AF.INET6, inside(IFLA_INET6_CONF, element(DEVCONF_ACCEPT_RA, s32)))),
}

const briefMessage = flatMessage(ifinfomsg, excerpt('IFLA', briefTable))

/** What most programs want to know of a link: a part of `Link` that is read in a fraction of the time. */
export type BriefLink = Value<typeof briefMessage>

/** Has links described briefly: `getLink(socket, 'eth0', { as: briefLink })`. */
export const briefLink = operation<BriefLink, Partial<BriefLink>>('RTM_NEWLINK', 16, briefMessage)

const briefBridgeMessage = flatMessage(
  ifinfomsg,
  excerpt('IFLA', {
    ...briefTable,
    /** Of a bridge, its priority and the hardware address that it is known by; of another kind, nothing of use. */
    linkinfo: attr(18, excerpt('IFLA_INFO', { link: kind, bridgeId: attr(2, inside(IFLA_BR_BRIDGE_ID, binary)) })),
  }),
)

/** A {@link BriefLink} and, of a bridge, what `bridge_id` of `ip -details link` shows: 2 bytes of priority, 6 of an address. */
export type BriefBridge = Value<typeof briefBridgeMessage>

/** Has bridges described briefly: `getLink(socket, 'cni0', { as: briefBridge })`. */
export const briefBridge = operation<BriefBridge, Partial<BriefBridge>>('RTM_NEWLINK', 16, briefBridgeMessage)
