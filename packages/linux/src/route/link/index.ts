export { IF_OPER, IFF, ifinfomsg, RTEXT_FILTER } from './attributes.ts'
export { deleteLinkAnnounced } from './delete-announced.ts'
export { type Ipv4Conf, ipv4Conf, setIpv4ConfRequest } from './ipv4-conf.ts'
export { bridge } from './kinds/bridge.ts'
export { BR_STATE, bridgePort } from './kinds/bridge-port.ts'
export { MACVLAN_MODE, macvlan } from './kinds/macvlan.ts'
export { IPVLAN_MODE, ipvlan, vlan, vrf, vrfPort } from './kinds/stacked.ts'
export { tun } from './kinds/tun.ts'
export { veth } from './kinds/veth.ts'
export { vxlan } from './kinds/vxlan.ts'
export {
  BRIDGE_VLAN_INFO,
  bridgeLinkMessage,
  type Link,
  linkAttributes,
  linkinfo,
  linkMessage,
  linkOperations,
} from './link.ts'
export { type BridgeSummary, bridgeSummary, type LinkSummary, linkSummary } from './link-summary.ts'
export {
  addBridgeVlans,
  addLink,
  addLinkRequest,
  type BridgeVlan,
  bridgeVlanRequest,
  deleteBridgeVlans,
  deleteLink,
  deleteLinkGroup,
  findLink,
  getLink,
  getLinkRequest,
  type LinkDescription,
  type LinkFilter,
  type LinkName,
  type LinkSettings,
  listBridgeVlans,
  listLinks,
  type NewLink,
  setLink,
  setLinkRequest,
} from './requests.ts'
