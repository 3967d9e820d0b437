import { readFileSync, statSync } from 'node:fs'
import type { IP } from '@patchbay/address'
import type { Request } from '@patchbay/cni/plugin'
import { isNetlinkError, type NetlinkSocket } from '@patchbay/linux/netlink'
import { getRoute, type Link, listLinks, listPeerAddresses, openRouteSocket } from '@patchbay/linux/route'
import { openNetns } from '../../link/net-context.ts'

/** A container that has a port. */
export interface Holder {
  /** By this the backend knows it again. */
  readonly key: string
  /** Names of network and container, which may be shortened; `undefined` for an unknown holder. */
  readonly network: string | undefined
  readonly containerId: string | undefined
  readonly addresses: readonly IP[]
  /** Whether it is this one. */
  isOf(attachment: { containerId: string; ifName?: string | undefined }): boolean
}

/** Where host-local keeps leases unless it is told otherwise. */
const LEASES = '/var/lib/cni/networks'

/**
 * Whether a container that has ports may be alive. It certainly is not when it has no lease, no namespace that a link of the
 * host leads to has one of its addresses, and either a runtime remembers its namespace, which is gone, or its addresses belong
 * behind a bridge that leads to no other namespaces than these. Silence is no sign of death, and what cannot be found out is a
 * sign of life.
 */
export async function mayBeAlive(request: Request, holder: Holder): Promise<boolean> {
  const { network, containerId, addresses } = holder
  if (network === undefined || containerId === undefined || addresses.length === 0) return true
  // Under a shortened name nothing is found.
  if (/-[0-9a-f]{16}$/.test(network)) return true
  try {
    if (hasLease(holder, network)) return true
    const namespace = await rememberedNamespace(holder, network)
    return namespace === 'present' || (await mayBeReached(request, addresses, namespace))
  } catch {
    return true
  }
}

function hasLease(holder: Holder, network: string): boolean {
  return holder.addresses.some((address) => {
    const content = readLease(`${LEASES}/${network}/${address}`)
    const [containerId = '', ifName] = content?.trim().split('\r\n') ?? []
    return content !== undefined && (containerId === '' || holder.isOf({ containerId, ifName }))
  })
}

function readLease(path: string): string | undefined {
  try {
    return statSync(path).isFile() ? readFileSync(path, 'utf8') : ''
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return undefined
    throw error
  }
}

type Remembered = 'present' | 'gone' | 'unknown'

/** Runtimes may remember an attachment, and not where it is. */
async function rememberedNamespace(holder: Holder, network: string): Promise<Remembered> {
  const { Cni } = await import('@patchbay/cni/runtime')
  const attachments = await new Cni({ path: [] }).getCachedAttachments()
  const own = attachments.filter((each) => each.network === network && holder.isOf(each))
  if (own.length === 0) return 'unknown'
  return own.some(({ netns }) => !netns || exists(netns)) ? 'present' : 'gone'
}

function exists(path: string): boolean {
  try {
    statSync(path)
    return true
  } catch (error) {
    return !hasCode(error, 'ENOENT', 'ENOTDIR')
  }
}

function hasCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && 'code' in error && codes.some((code) => code === error.code)
}

async function mayBeReached(request: Request, addresses: readonly IP[], namespace: Remembered): Promise<boolean> {
  using host = openNetns(request, request.hostNetns)
  const links = await listLinks(host.route)
  // This socket's dumps become strict, which is not for those who use the host's next.
  using socket = openRouteSocket({ netns: host.netns })
  for (const netnsid of new Set(links.map(({ linkNetnsid }) => linkNetnsid)))
    if (netnsid !== undefined && netnsid >= 0 && (await mayHave(socket, netnsid, addresses))) return true
  if (namespace === 'gone') return false
  for (const address of addresses) if (await mayLeadElsewhere(host.route, address, links)) return true
  return false
}

/** Whether a namespace has one of the addresses. */
async function mayHave(socket: NetlinkSocket, netnsid: number, addresses: readonly IP[]): Promise<boolean> {
  try {
    const found = await listPeerAddresses(socket, netnsid)
    return !found || found.some(({ address }) => addresses.some((each) => each.equals(address.address)))
  } catch (error) {
    // The namespace has ended meanwhile.
    return !isNetlinkError(error, 'EINVAL')
  }
}

/** Whether the way to an address leads to something else than a bridge whose ports show all containers behind it. */
async function mayLeadElsewhere(route: NetlinkSocket, address: IP, links: readonly Link[]): Promise<boolean> {
  const { oif, gateway, via } = await getRoute(route, address)
  if (gateway !== undefined || via !== undefined) return true
  const link = links.find(({ index }) => index === oif)
  if (link?.linkinfo?.link?.kind !== 'bridge') return true
  return links.some((port) => port.master === link.index && !showsContainer(port))
}

/** The other end of a veth is in a namespace that was asked; links without a kind lead off this machine. */
function showsContainer({ linkinfo, linkNetnsid }: Link): boolean {
  const kind = linkinfo?.link?.kind
  return kind === undefined || (kind === 'veth' && linkNetnsid !== undefined && linkNetnsid >= 0)
}
