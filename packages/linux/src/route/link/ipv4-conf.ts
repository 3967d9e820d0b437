import type { NetlinkRequest } from '../../netlink/index.ts'
import { attr, attributes, flatMessage, operation, request, u32, type Value } from '../../netlink/raw.ts'
import { AF } from '../constants.ts'
import { ifinfomsg } from './attributes.ts'

/** Numbers of a device's IPv4 settings, `<linux/ip.h> IPV4_DEVCONF_*`. */
export class Ipv4ConfAttributes {
  readonly forwarding = attr(1, u32)
  readonly mcForwarding = attr(2, u32)
  readonly proxyArp = attr(3, u32)
  readonly acceptRedirects = attr(4, u32)
  readonly secureRedirects = attr(5, u32)
  readonly sendRedirects = attr(6, u32)
  readonly sharedMedia = attr(7, u32)
  readonly rpFilter = attr(8, u32)
  readonly acceptSourceRoute = attr(9, u32)
  readonly logMartians = attr(11, u32)
  readonly arpAnnounce = attr(18, u32)
  readonly arpIgnore = attr(19, u32)
  readonly promoteSecondaries = attr(20, u32)
  readonly arpAccept = attr(21, u32)
  readonly arpNotify = attr(22, u32)
  readonly acceptLocal = attr(23, u32)
  readonly proxyArpPvlan = attr(25, u32)
  readonly routeLocalnet = attr(26, u32)
}

/** The codec of {@link Ipv4ConfAttributes}. */
export const ipv4Conf = attributes('IPV4_DEVCONF', new Ipv4ConfAttributes())

/** IPv4 settings of a link: what `/proc/sys/net/ipv4/conf/NAME` has. */
export type Ipv4Conf = Omit<Value<typeof ipv4Conf>, 'unknown'>

/** `<linux/if_link.h> IFLA_AF_SPEC`: what address families have of a link. They tell it in another form than they take it. */
const confMessage = flatMessage(
  ifinfomsg,
  attributes('IFLA', {
    afSpec: attr(26, attributes('AF', { inet: attr(AF.INET, attributes('IFLA_INET', { conf: attr(1, ipv4Conf) })) })),
  }),
)

const setConf = operation('RTM_NEWLINK', 16, confMessage)

/**
 * The request that changes IPv4 settings of the link with that index, as writing to `/proc/sys/net/ipv4/conf/NAME` does;
 * no file is looked up for it, which takes the longer the more namespaces have one of that name.
 */
export function setIpv4ConfRequest(index: number, conf: Ipv4Conf): NetlinkRequest {
  return request(setConf, { index, afSpec: { inet: { conf } } })
}
