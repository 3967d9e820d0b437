import type { MAC } from '@patchbay/address'
import { isNetlinkError, NetlinkError, NLM_F } from '@patchbay/linux/netlink'
import { addVethRequest, deleteLink, findLink, getLink, type LinkSummary, linkSummary } from '@patchbay/linux/route'
import type { Attachment } from '../request/attachment.ts'
import { messageOf } from '../request/error-message.ts'
import { linkGroupOf, linkNameOf, NAME_ATTEMPTS } from './link-owner.ts'
import type { OpenNetns } from './net-context.ts'

export interface VethOptions {
  /** Name of the container's end. */
  ifName: string
  /** Bytes; the kernel's default when absent. */
  mtu?: number | undefined
  /** Of the host's end, where that is not `mtu`. */
  hostMtu?: number | undefined
  /** Hardware address of the container's end; random when absent. */
  mac?: MAC | undefined
  /** Index of the bridge that the host's end is a port of. */
  master?: number | undefined
  /**
   * Whose pair it is: its host's end gets the name and the mark of that attachment. A pair that is nobody's has a random
   * name and no mark.
   */
  owner?: Attachment | undefined
  /** Gives the next name to try for the host's end, in place of the owner's. */
  nextName?: (attempt: number) => string
}

/** A random name for a host's end: `veth` and eight hexadecimal digits. */
export function randomVethName(): string {
  const [number = 0] = crypto.getRandomValues(new Uint32Array(1))
  return `veth${number.toString(16).padStart(8, '0')}`
}

/** A veth pair as it was made. */
export interface VethPair {
  /** Of the host's end. */
  ifname: string
  index: number
  address: LinkSummary['address']
  /** Index of the container's end in its namespace. */
  peerIndex: number
}

/**
 * Makes a veth pair with each end where it belongs, in one request: the host's end on its bridge, the container's end
 * under its final name, and both down. Other calls go on while the kernel works. When this throws, there is no pair.
 *
 * @throws Error `container veth name ("eth0") peer provided ("veth12ab34cd") already exists` when the container has an
 *   interface of that name, which is left as it is
 */
export async function addVethPair(host: OpenNetns, container: OpenNetns, options: VethOptions): Promise<VethPair> {
  const { ifName, mac, mtu, hostMtu = mtu, master, owner, nextName = namesOf(owner) } = options
  const group = owner ? linkGroupOf(owner.name) : 0
  const peer = { ifname: ifName, netNsFd: container.netns.fd, mtu, address: mac }
  for (let attempt = 0; attempt < NAME_ATTEMPTS; attempt++) {
    const ifname = nextName(attempt)
    const request = addVethRequest({ master, ifname, mtu: hostMtu, group, peer }, NLM_F.ECHO)
    try {
      const [echo] = await host.route.requestSlow(request, linkSummary)
      return await pairOf(host, ifname, echo)
    } catch (error) {
      if (!isNetlinkError(error, 'EEXIST')) throw await failure(host, ifname, { group, error })
      if (await findLink(container.route, ifName, { as: linkSummary }))
        throw new Error(`container veth name ("${ifName}") peer provided ("${ifname}") already exists`, {
          cause: error,
        })
    }
  }
  throw new Error('failed to find a unique veth name')
}

function namesOf(owner: Attachment | undefined): (attempt: number) => string {
  return owner ? (attempt) => linkNameOf(owner, attempt) : randomVethName
}

/** The error to throw. What the kernel refused is not there; when its answer was lost, the pair may be. */
async function failure(
  host: OpenNetns,
  ifname: string,
  { group, error }: { group: number; error: unknown },
): Promise<Error> {
  const reported = new Error(`failed to make veth pair: ${messageOf(error)}`, { cause: error })
  if (error instanceof NetlinkError) return reported
  try {
    const link = await findLink(host.route, ifname, { as: linkSummary })
    if (link?.linkinfo?.link?.kind === 'veth' && link.group === group) await deleteLink(host.route, link.index)
    return reported
  } catch (again) {
    return new AggregateError([reported, again])
  }
}

/** Kernels before 6.2 do not echo a new link. */
async function pairOf(host: OpenNetns, ifname: string, echo: LinkSummary | undefined): Promise<VethPair> {
  const { index, address, link } = echo ?? (await getLink(host.route, ifname, { as: linkSummary }))
  return { ifname, index, address, peerIndex: link ?? 0 }
}
