import { attr, element, excerpt, flatMessage, inside, kindOf, operation, s32, type Value } from '../../netlink/index.ts'
import { AF } from '../constants.ts'
import { commonAttributes, ifinfomsg } from './attributes.ts'
import { linkKinds } from './link.ts'

const { ifname, address, mtu, operstate, master, link, linkNetnsid } = commonAttributes

/** `<linux/if_link.h> IFLA_INET6_CONF`: an array of a device's settings. */
const IFLA_INET6_CONF = 2
/** `<linux/ipv6.h>`: which of them says whether router advertisements are accepted. */
const DEVCONF_ACCEPT_RA = 3

const briefAttributes = excerpt('IFLA', {
  ifname,
  address,
  mtu,
  operstate,
  master,
  link,
  linkNetnsid,
  linkinfo: attr(18, excerpt('IFLA_INFO', { link: kindOf(1, linkKinds) })),
  /** IPv6 setting `accept_ra` of the link; absent where the kernel has no IPv6. */
  acceptRa: attr(26, inside(AF.INET6, inside(IFLA_INET6_CONF, element(DEVCONF_ACCEPT_RA, s32)))),
})

const briefMessage = flatMessage(ifinfomsg, briefAttributes)

/** What most programs want to know of a link: a part of `Link` that is read in a fraction of the time. */
export type BriefLink = Value<typeof briefMessage>

/** Has links described briefly: `getLink(socket, 'eth0', { as: briefLink })`. */
export const briefLink = operation<BriefLink, Partial<BriefLink>>('RTM_NEWLINK', 16, briefMessage)
