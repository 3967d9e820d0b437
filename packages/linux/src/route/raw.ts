// Messages of rtnetlink as they are: constants, codecs, tables of attributes, operations.
export {
  AddressAttributes,
  type AddressMessage,
  addressAttributes,
  addressMessage,
  addressOperations,
  decodeAddress,
  Ifaddrmsg,
  ifaddrmsg,
} from './address/address.ts'
export { AF, NETLINK_ROUTE } from './constants.ts'
export { ifinfomsg, RTEXT_FILTER } from './link/attributes.ts'
export { ipv4Conf } from './link/ipv4-conf.ts'
export { bridge } from './link/kinds/bridge.ts'
export { bridgePort } from './link/kinds/bridge-port.ts'
export { macvlan } from './link/kinds/macvlan.ts'
export { ipvlan, vlan, vrf, vrfPort } from './link/kinds/stacked.ts'
export { tun } from './link/kinds/tun.ts'
export { veth } from './link/kinds/veth.ts'
export { vxlan } from './link/kinds/vxlan.ts'
export { bridgeLinkMessage, linkAttributes, linkinfo, linkMessage, linkOperations } from './link/link.ts'
export {
  Ndmsg,
  NeighbourAttributes,
  type NeighbourMessage,
  ndmsg,
  neighbourAttributes,
  neighbourMessage,
  neighbourOperations,
} from './neighbour/neighbour.ts'
export { type RouteMessage, routeAttributes, routeMessage, routeOperations, rtmsg } from './route/message.ts'
export { routeMetrics } from './route/metrics.ts'
export { decodeRoute } from './route/route.ts'
export {
  decodeRule,
  FibRuleHdr,
  fibRuleHdr,
  RuleAttributes,
  type RuleMessage,
  ruleAttributes,
  ruleMessage,
  ruleOperations,
} from './rule/rule.ts'
