import { MAC } from '@patchbay/address'
import { isNetlinkError, NLM_F } from '@patchbay/linux/netlink'
import { addLinkRequest, type BriefLink, briefLink, findLink, getLink } from '@patchbay/linux/route'
import { messageOf } from './error-message.ts'
import type { Host } from './hosts.ts'

/** How many random names the host end is tried under. */
const NAME_ATTEMPTS = 10

export interface VethOptions {
  /** Name of the container's end. */
  ifName: string
  /** Bytes; the kernel's default when absent. */
  mtu?: number | undefined
  /** Hardware address of the container's end; random when absent. */
  mac?: MAC | undefined
  /** Index of the bridge that the host's end is a port of. */
  master?: number | undefined
  /** Gives the next name to try for the host's end. */
  nextName?: () => string
}

/** A random name for the host's end: `veth` and eight hexadecimal digits. */
export function randomVethName(): string {
  const [number = 0] = crypto.getRandomValues(new Uint32Array(1))
  return `veth${number.toString(16).padStart(8, '0')}`
}

/** A veth pair as it was made. */
export interface VethPair {
  /** Of the host's end. */
  ifname: string
  index: number
  address: BriefLink['address']
  /** Index of the container's end in its namespace. */
  peerIndex: number
}

/**
 * Makes a veth pair with each end where it belongs, in one request: the host's end on its bridge, the container's end
 * under its final name, and both down. Other calls go on while the kernel is at it.
 *
 * @throws Error `container veth name ("eth0") peer provided ("veth12ab34cd") already exists` when the container has an
 *   interface of that name, which is left as it is
 */
export async function addVethPair(host: Host, container: Host, options: VethOptions): Promise<VethPair> {
  const { ifName, mac, mtu, master, nextName = randomVethName } = options
  const peer = { ifname: ifName, netNsFd: container.netns.fd, mtu, address: mac }
  const linkinfo = { link: { kind: 'veth', data: { peer } } } as const
  for (let attempt = 0; attempt < NAME_ATTEMPTS; attempt++) {
    const ifname = nextName()
    const request = addLinkRequest({ master, ifname, mtu, linkinfo }, NLM_F.ECHO)
    try {
      const [echo] = await host.route.requestSlow(request, briefLink)
      return await pairOf(host, ifname, echo)
    } catch (error) {
      if (!isNetlinkError(error, 'EEXIST'))
        throw new Error(`failed to make veth pair: ${messageOf(error)}`, { cause: error })
      if (await findLink(container.route, ifName, { as: briefLink }))
        throw new Error(`container veth name ("${ifName}") peer provided ("${ifname}") already exists`, {
          cause: error,
        })
    }
  }
  throw new Error('failed to find a unique veth name')
}

/** Kernels before 6.2 do not echo a new link. */
async function pairOf(host: Host, ifname: string, echo: BriefLink | undefined): Promise<VethPair> {
  const { index, address, link } = echo ?? (await getLink(host.route, ifname, { as: briefLink }))
  return { ifname, index, address, peerIndex: link ?? 0 }
}

/**
 * The hardware address that was asked for, as it was written.
 *
 * @throws Error `failed to make veth pair: ...` for what is none
 */
export function parseRequestedMac(text: string | undefined): MAC | undefined {
  try {
    return text === undefined ? undefined : MAC.parse(text)
  } catch (cause) {
    throw new Error(`failed to make veth pair: ${messageOf(cause)}`, { cause })
  }
}
