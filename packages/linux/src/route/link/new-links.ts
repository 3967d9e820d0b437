import type { NetlinkRequest, NetlinkSocket } from '../../netlink/index.ts'
import type { Attributes } from '../../netlink/raw.ts'
import { type BridgeAttributes, bridge } from './kinds/bridge.ts'
import type { MacvlanAttributes } from './kinds/macvlan.ts'
import type { IpvlanAttributes, VlanAttributes } from './kinds/stacked.ts'
import type { Link } from './link.ts'
import { addLink, addLinkRequest, type LinkSettings, linkBody, type NewLink } from './requests.ts'

/** What links of every kind can be given. */
export interface CommonLinkSettings extends Omit<NewLink, 'linkinfo'> {}

/** The far end of a pair that is to be made, which the kernel does not bring up itself. Without a name, the kernel gives one. */
export interface NewVethPeer extends Omit<LinkSettings, 'linkinfo' | 'up'> {}

/** A pair that is to be made. */
export interface NewVeth extends CommonLinkSettings {
  /** The far end. With `netNsFd` it is in that namespace from the start. */
  peer?: NewVethPeer | undefined
}

/** A bridge that is to be made, with its settings: `vlanFiltering`, `forwardDelay` and so on. */
export interface NewBridge extends CommonLinkSettings, Omit<Attributes<BridgeAttributes>, 'unknown'> {}

/** A macvlan that is to be made on the link with the index `link`; `mode` is one of `MACVLAN_MODE`, the kernel's default is VEPA. */
export interface NewMacvlan extends CommonLinkSettings, Omit<Attributes<MacvlanAttributes>, 'unknown'> {
  link: number
}

/** An ipvlan that is to be made on the link with the index `link`; `mode` is one of `IPVLAN_MODE`, the kernel's default is L3. */
export interface NewIpvlan extends CommonLinkSettings, Omit<Attributes<IpvlanAttributes>, 'unknown'> {
  link: number
}

/** The interface of a VLAN that is to be made on the link with the index `link`. */
export interface NewVlan extends CommonLinkSettings, Omit<Attributes<VlanAttributes>, 'unknown'> {
  link: number
  /** Number of the VLAN, 1 to 4094. */
  id: number
}

/** A VRF that is to be made. */
export interface NewVrf extends CommonLinkSettings {
  /** Number of the routing table that its ports use. */
  table: number
}

function vethLink({ peer, ...link }: NewVeth): NewLink {
  return { ...link, linkinfo: { link: peer ? { kind: 'veth', data: { peer: linkBody(peer) } } : { kind: 'veth' } } }
}

/** A bridge has too many settings to name each: those that its table has are its own, the others are any link's. */
function bridgeLink(settings: NewBridge): NewLink {
  const link: NewLink = { ifname: settings.ifname }
  const data: Attributes<BridgeAttributes> = {}
  for (const [name, value] of Object.entries(settings))
    Object.assign(Object.hasOwn(bridge.table, name) ? data : link, { [name]: value })
  link.linkinfo = { link: { kind: 'bridge', data } }
  return link
}

function macvlanLink(settings: NewMacvlan): NewLink {
  const { mode, flags, macaddrMode, macaddrCount, bcQueueLen, bcQueueLenUsed, ...link } = settings
  const data = { mode, flags, macaddrMode, macaddrCount, bcQueueLen, bcQueueLenUsed }
  return { ...link, linkinfo: { link: { kind: 'macvlan', data } } }
}

function ipvlanLink({ mode, flags, ...link }: NewIpvlan): NewLink {
  return { ...link, linkinfo: { link: { kind: 'ipvlan', data: { mode, flags } } } }
}

function vlanLink({ id, flags, egressQos, ingressQos, protocol, ...link }: NewVlan): NewLink {
  return { ...link, linkinfo: { link: { kind: 'vlan', data: { id, flags, egressQos, ingressQos, protocol } } } }
}

function vrfLink({ table, ...link }: NewVrf): NewLink {
  return { ...link, linkinfo: { link: { kind: 'vrf', data: { table } } } }
}

function dummyLink(settings: CommonLinkSettings): NewLink {
  return { ...settings, linkinfo: { link: { kind: 'other', name: 'dummy' } } }
}

/**
 * Makes a pair of links: what one sends, the other receives.
 *
 * @returns the near end; `link` is the index of the far one
 * @throws as {@link addLink}
 */
export async function addVeth(socket: NetlinkSocket, settings: NewVeth): Promise<Link> {
  return addLink(socket, vethLink(settings))
}

/** The request of {@link addVeth}, for sending several in one go. */
export function addVethRequest(settings: NewVeth, flags = 0): NetlinkRequest {
  return addLinkRequest(vethLink(settings), flags)
}

/**
 * Makes a bridge.
 *
 * @returns the bridge as the kernel made it
 * @throws as {@link addLink}
 */
export async function addBridge(socket: NetlinkSocket, settings: NewBridge): Promise<Link> {
  return addLink(socket, bridgeLink(settings))
}

/** The request of {@link addBridge}, for sending several in one go. */
export function addBridgeRequest(settings: NewBridge, flags = 0): NetlinkRequest {
  return addLinkRequest(bridgeLink(settings), flags)
}

/**
 * Makes a link with a hardware address of its own on another one.
 *
 * @returns the macvlan as the kernel made it
 * @throws as {@link addLink}
 */
export async function addMacvlan(socket: NetlinkSocket, settings: NewMacvlan): Promise<Link> {
  return addLink(socket, macvlanLink(settings))
}

/** The request of {@link addMacvlan}, for sending several in one go. */
export function addMacvlanRequest(settings: NewMacvlan, flags = 0): NetlinkRequest {
  return addLinkRequest(macvlanLink(settings), flags)
}

/**
 * Makes a link that shares the hardware address of another one.
 *
 * @returns the ipvlan as the kernel made it
 * @throws as {@link addLink}
 */
export async function addIpvlan(socket: NetlinkSocket, settings: NewIpvlan): Promise<Link> {
  return addLink(socket, ipvlanLink(settings))
}

/** The request of {@link addIpvlan}, for sending several in one go. */
export function addIpvlanRequest(settings: NewIpvlan, flags = 0): NetlinkRequest {
  return addLinkRequest(ipvlanLink(settings), flags)
}

/**
 * Makes the interface of a VLAN on another link.
 *
 * @returns the interface as the kernel made it
 * @throws as {@link addLink}
 */
export async function addVlan(socket: NetlinkSocket, settings: NewVlan): Promise<Link> {
  return addLink(socket, vlanLink(settings))
}

/** The request of {@link addVlan}, for sending several in one go. */
export function addVlanRequest(settings: NewVlan, flags = 0): NetlinkRequest {
  return addLinkRequest(vlanLink(settings), flags)
}

/**
 * Makes a VRF: a link whose ports use a routing table of their own.
 *
 * @returns the VRF as the kernel made it
 * @throws as {@link addLink}
 */
export async function addVrf(socket: NetlinkSocket, settings: NewVrf): Promise<Link> {
  return addLink(socket, vrfLink(settings))
}

/** The request of {@link addVrf}, for sending several in one go. */
export function addVrfRequest(settings: NewVrf, flags = 0): NetlinkRequest {
  return addLinkRequest(vrfLink(settings), flags)
}

/**
 * Makes a link that takes what is sent to it and drops it.
 *
 * @returns the link as the kernel made it
 * @throws as {@link addLink}
 */
export async function addDummy(socket: NetlinkSocket, settings: CommonLinkSettings): Promise<Link> {
  return addLink(socket, dummyLink(settings))
}

/** The request of {@link addDummy}, for sending several in one go. */
export function addDummyRequest(settings: CommonLinkSettings, flags = 0): NetlinkRequest {
  return addLinkRequest(dummyLink(settings), flags)
}
