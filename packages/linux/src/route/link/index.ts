export { IF_OPER, IFF } from './attributes.ts'
export { deleteLinkAnnounced, type LinkDeletion } from './delete-announced.ts'
export { type Ipv4Conf, setIpv4ConfRequest } from './ipv4-conf.ts'
export { BR_STATE } from './kinds/bridge-port.ts'
export { MACVLAN_MODE } from './kinds/macvlan.ts'
export { IPVLAN_MODE } from './kinds/stacked.ts'
export { BRIDGE_VLAN_INFO, type Link } from './link.ts'
export { type BridgeSummary, bridgeSummary, type LinkSummary, linkSummary } from './link-summary.ts'
export {
  addBridge,
  addBridgeRequest,
  addDummy,
  addDummyRequest,
  addIpvlan,
  addIpvlanRequest,
  addMacvlan,
  addMacvlanRequest,
  addVeth,
  addVethRequest,
  addVlan,
  addVlanRequest,
  addVrf,
  addVrfRequest,
  type CommonLinkSettings,
  type NewBridge,
  type NewIpvlan,
  type NewMacvlan,
  type NewVeth,
  type NewVethPeer,
  type NewVlan,
  type NewVrf,
} from './new-links.ts'
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
