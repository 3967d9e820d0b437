import { type NetlinkRequest, type NetlinkSocket, NLM_F, type Operation } from '../../netlink/index.ts'
import { operation, request } from '../../netlink/raw.ts'
import { errno } from '../../sys/index.ts'
import { AF } from '../constants.ts'
import { IFF, RTEXT_FILTER } from './attributes.ts'
import { type BridgeLink, bridgeLinkMessage, type Link, linkOperations } from './link.ts'
import type { LinkSummary } from './link-summary.ts'

/** A link by its index, or by its name. */
export type LinkName = number | string

/** What to make of a link, or to change about it. Flags are named; everything else is the kernel's attribute. */
export interface LinkSettings extends Omit<Partial<Link>, 'family' | 'type' | 'flags' | 'change' | 'index'> {
  /** The number to be given to a new link; the kernel chooses one by default. */
  index?: number | undefined
  up?: boolean | undefined
  promisc?: boolean | undefined
  allmulticast?: boolean | undefined
}

/** `<linux/if.h> IFNAMSIZ`, less the NUL: a longer name can only be an alternative one. */
const IFNAME_LENGTH = 15

function selector(name: LinkName): Partial<Link> {
  if (typeof name === 'number') return { index: name }
  return name.length > IFNAME_LENGTH ? { altIfname: name } : { ifname: name }
}

function flagBits(settings: LinkSettings): { flags: number; change: number } {
  let flags = 0
  let change = 0
  const bits = [
    [settings.up, IFF.UP],
    [settings.promisc, IFF.PROMISC],
    [settings.allmulticast, IFF.ALLMULTI],
  ] as const
  for (const [wanted, bit] of bits) {
    if (wanted === undefined) continue
    change |= bit
    if (wanted) flags |= bit
  }
  return { flags, change }
}

/** What {@link LinkSettings} say, as a message. */
export function linkBody(settings: LinkSettings): Partial<Link> {
  const { up: _up, promisc: _promisc, allmulticast: _allmulticast, index, ...attributes } = settings
  return { ...attributes, ...(index !== undefined && { index }), ...flagBits(settings) }
}

/** The request of {@link addLink}, for sending several in one go. */
export function addLinkRequest(settings: LinkSettings, flags = 0): NetlinkRequest {
  return request(linkOperations.add, linkBody(settings), NLM_F.CREATE | NLM_F.EXCL | flags)
}

/**
 * The request of {@link setLink}, for sending several in one go.
 *
 * @throws TypeError when a link selected by name is to be renamed
 */
export function setLinkRequest(name: LinkName, settings: LinkSettings): NetlinkRequest {
  if (typeof name === 'string' && settings.ifname !== undefined)
    throw new TypeError(`Cannot rename the link "${name}": select it by index`)
  // RTM_NEWLINK without CREATE is what `ip link set` sends: unlike RTM_SETLINK it takes a port's settings too.
  return request(linkOperations.add, { ...selector(name), ...linkBody(settings) })
}

/** How links are described: `Link` with all there is unless told otherwise. */
export interface LinkDescription<L> {
  /** {@link linkSummary}, say. */
  as: Operation<L>
}

const inFull: LinkDescription<Link> = { as: linkOperations.reply }

/**
 * Makes a link. One that is to be in another namespace (`netNsFd`, `netNsPid`) cannot be seen from here: send
 * {@link addLinkRequest} and ask for it there.
 *
 * @returns the link as the kernel made it: index, address and all
 * @throws NetlinkError `EEXIST` when the name is taken; `EOPNOTSUPP` when the kernel does not know the kind; `ENODEV` when the
 *   link has been made under a template and the kernel, before 6.2, does not say which name it chose
 * @throws TypeError when the link is to be in another namespace, or is to be a port and its name is a template
 */
export async function addLink(socket: NetlinkSocket, settings: NewLink): Promise<Link>
export async function addLink<L>(socket: NetlinkSocket, settings: NewLink, description: LinkDescription<L>): Promise<L>
export async function addLink(
  socket: NetlinkSocket,
  settings: NewLink,
  description: LinkDescription<unknown> = inFull,
): Promise<unknown> {
  if (settings.netNsFd !== undefined || settings.netNsPid !== undefined)
    throw new TypeError(`Cannot return the link "${settings.ifname}": it is made in another namespace`)
  if (settings.master !== undefined && settings.ifname.includes('%'))
    throw new TypeError(
      `Cannot return the link "${settings.ifname}": the kernel does not say which name it chooses for a port`,
    )
  // Kernels before 6.2 do not echo a new link, and those after do it before the link becomes a port.
  const flags = settings.master === undefined ? NLM_F.ECHO : 0
  const [made] = await socket.request(addLinkRequest(settings, flags), description.as)
  return made ?? getLink(socket, settings.ifname, description)
}

/**
 * The settings of a link that is to be made. In `ifname` the kernel replaces `%d` by the lowest number that is free: the
 * link that {@link addLink} returns has the name that it chose. It refuses any other `%`. A program that gets names from
 * elsewhere refuses `%` itself, or finds its link under another name.
 */
export type NewLink = LinkSettings & { ifname: string }

/** The request of {@link getLink}, for asking for several in one go: `socket.getEach(requests, linkSummary)`. */
export function getLinkRequest(name: LinkName): NetlinkRequest {
  const wanted = selector(name)
  // Leaves out the IPv6 statistics, a quarter of an answer that nobody asked for.
  wanted.extMask = RTEXT_FILTER.SKIP_STATS
  return request(linkOperations.get, wanted)
}

/**
 * The link with that index or name.
 *
 * @throws NetlinkError `ENODEV` when no link has this name or index
 */
export async function getLink(socket: NetlinkSocket, name: LinkName): Promise<Link>
export async function getLink<L>(socket: NetlinkSocket, name: LinkName, description: LinkDescription<L>): Promise<L>
export async function getLink(
  socket: NetlinkSocket,
  name: LinkName,
  description: LinkDescription<unknown> = inFull,
): Promise<unknown> {
  return socket.get(getLinkRequest(name), description.as)
}

/** The link with that index or name; `undefined` when no link has it. */
export async function findLink(socket: NetlinkSocket, name: LinkName): Promise<Link | undefined>
export async function findLink<L>(
  socket: NetlinkSocket,
  name: LinkName,
  description: LinkDescription<L>,
): Promise<L | undefined>
export async function findLink(
  socket: NetlinkSocket,
  name: LinkName,
  description: LinkDescription<unknown> = inFull,
): Promise<unknown> {
  return socket.find(getLinkRequest(name), description.as, errno.ENODEV)
}

/**
 * Changes what is given of a link and leaves the rest. Selected by name, it cannot be renamed: select it by index. What
 * `linkinfo.port` says needs the link to be a port already, and `master` makes it one: two requests.
 *
 * @throws NetlinkError `ENODEV` when no link has this name or index
 * @throws TypeError when a link selected by name is to be renamed
 */
export async function setLink(socket: NetlinkSocket, name: LinkName, settings: LinkSettings): Promise<void> {
  await socket.request(setLinkRequest(name, settings))
}

/**
 * Deletes a link; of a veth pair both ends go. The kernel takes 20 to 40 ms over it, which are not spent on the event
 * loop.
 *
 * @throws NetlinkError `ENODEV` when no link has this name or index
 */
export async function deleteLink(socket: NetlinkSocket, name: LinkName): Promise<void> {
  await socket.requestSlow(request(linkOperations.delete, selector(name)), undefined, true)
}

/** Deletes every link of a group in one go, which costs the kernel about as much as deleting one. */
export async function deleteLinkGroup(socket: NetlinkSocket, group: number): Promise<void> {
  await socket.requestSlow(request(linkOperations.delete, { group }), undefined, true)
}

/** All links, or those that are ports of `master` (an index), or of one `kind`: the kernel leaves the others out. */
export async function listLinks(socket: NetlinkSocket, filter?: LinkFilter): Promise<Link[]>
export async function listLinks<L extends OfSomeKind>(
  socket: NetlinkSocket,
  filter: LinkFilter,
  description: LinkDescription<L>,
): Promise<L[]>
export async function listLinks(
  socket: NetlinkSocket,
  { master, kind }: LinkFilter = {},
  description: LinkDescription<OfSomeKind> = inFull,
): Promise<OfSomeKind[]> {
  const wanted: Partial<Link> = { extMask: RTEXT_FILTER.SKIP_STATS }
  if (master !== undefined) wanted.master = master
  if (kind !== undefined) wanted.linkinfo = { link: { kind: 'other', name: kind } }
  const links = await socket.list(request(linkOperations.get, wanted), description.as)
  // Asked for a kind that it does not know, the kernel lists all.
  return kind === undefined ? links : links.filter(({ linkinfo }) => nameOf(linkinfo?.link) === kind)
}

type OfSomeKind = Pick<LinkSummary, 'linkinfo'>

function nameOf(kind: NonNullable<OfSomeKind['linkinfo']>['link']): string | undefined {
  return kind?.kind === 'other' ? kind.name : kind?.kind
}

/** Which links {@link listLinks} lists. */
export interface LinkFilter {
  master?: number | undefined
  kind?: string | undefined
}

const bridgeOperations = {
  set: operation('RTM_SETLINK', 19, bridgeLinkMessage, describeVlans),
  delete: operation('RTM_DELLINK', 17, bridgeLinkMessage, describeVlans),
  get: operation('RTM_GETLINK', 18, bridgeLinkMessage),
  reply: operation('RTM_NEWLINK', 16, bridgeLinkMessage),
} as const

function describeVlans({ index, afSpec }: Partial<BridgeLink>): string {
  return `VLAN ${afSpec?.vlanInfo?.map(({ vid }) => vid).join(', ')} of link ${index}`
}

/** A VLAN of a bridge port; `flags` are `BRIDGE_VLAN_INFO`. */
export interface BridgeVlan {
  vid: number
  flags?: number | undefined
}

/** Puts a port of a bridge, given by index, into VLANs: `bridge vlan add dev PORT vid VID`. */
export async function addBridgeVlans(
  socket: NetlinkSocket,
  index: number,
  vlans: readonly BridgeVlan[],
): Promise<void> {
  await socket.request(vlans.map((vlan) => bridgeVlanRequest('set', index, vlan)))
}

/** Takes a port of a bridge, given by index, out of VLANs: `bridge vlan del dev PORT vid VID`. */
export async function deleteBridgeVlans(
  socket: NetlinkSocket,
  index: number,
  vlans: readonly BridgeVlan[],
): Promise<void> {
  await socket.request(vlans.map((vlan) => bridgeVlanRequest('delete', index, vlan)))
}

/** The request that adds (`set`) a VLAN to a port or deletes one. */
export function bridgeVlanRequest(what: 'set' | 'delete', index: number, vlan: BridgeVlan): NetlinkRequest {
  const afSpec = { vlanInfo: [{ flags: vlan.flags ?? 0, vid: vlan.vid }] }
  return request(bridgeOperations[what], { family: AF.BRIDGE, index, afSpec })
}

/** The VLANs of the bridge port with that index; empty when the kernel's bridges know no VLANs. */
export async function listBridgeVlans(socket: NetlinkSocket, index: number): Promise<BridgeVlan[]> {
  const wanted = { family: AF.BRIDGE, extMask: RTEXT_FILTER.BRVLAN }
  const ports = await socket.list(request(bridgeOperations.get, wanted), bridgeOperations.reply)
  return ports.find((port) => port.index === index)?.afSpec?.vlanInfo ?? []
}
