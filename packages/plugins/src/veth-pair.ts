import { MAC } from '@patchbay/address'
import { isNetlinkError } from '@patchbay/linux/netlink'
import { writeSysctl } from '@patchbay/linux/netns'
import { addLink, deleteLink, findLink, getLink, type Link, type LinkSettings } from '@patchbay/linux/route'
import { messageOf } from './error-message.ts'
import type { Host } from './hosts.ts'

/** How many random names the host end is tried under. */
const NAME_ATTEMPTS = 10

/** Both ends of a veth pair, each as its own namespace has it. */
export interface VethPair {
  host: Link & { ifname: string }
  container: Link & { ifname: string }
}

export interface VethOptions {
  /** Name of the container's end. */
  ifName: string
  /** Bytes; the kernel's default when absent. */
  mtu?: number | undefined
  /** Hardware address of the container's end; random when absent. */
  mac?: string | undefined
  /** Further settings of the host's end: `master`. It is set up in any case. */
  hostSettings?: LinkSettings
  /** Gives the next name to try for the host's end. */
  nextName?: () => string
}

/** A random name for the host's end: `veth` and eight hexadecimal digits. */
export function randomVethName(): string {
  const [number = 0] = crypto.getRandomValues(new Uint32Array(1))
  return `veth${number.toString(16).padStart(8, '0')}`
}

/**
 * Makes a veth pair with each end where it belongs, in one request: the host's end up and on its bridge, the
 * container's end under its final name and down.
 *
 * @throws Error `container veth name ("eth0") peer provided ("veth12ab34cd") already exists` when the container has an
 *   interface of that name, which is left as it is
 */
export async function makeVethPair(host: Host, container: Host, options: VethOptions): Promise<VethPair> {
  const made = await addPair(host, container, options)
  acceptNoRouterAdvertisements(host, made.ifname)
  try {
    const end = await getLink(container.route, options.ifName)
    return { host: made, container: { ...end, ifname: options.ifName } }
  } catch (error) {
    await deleteLink(host.route, made.index)
    throw error
  }
}

async function addPair(host: Host, container: Host, options: VethOptions): Promise<Link & { ifname: string }> {
  const { ifName, mtu, nextName = randomVethName } = options
  const peer = { ifname: ifName, netNsFd: container.netns.fd, mtu, address: parseMac(options.mac) }
  for (let attempt = 0; attempt < NAME_ATTEMPTS; attempt++) {
    const ifname = nextName()
    try {
      const linkinfo = { link: { kind: 'veth', data: { peer } } } as const
      const made = await addLink(host.route, { ...options.hostSettings, ifname, mtu, up: true, linkinfo })
      return { ...made, ifname }
    } catch (error) {
      if (!isNetlinkError(error, 'EEXIST'))
        throw new Error(`failed to make veth pair: ${messageOf(error)}`, { cause: error })
      if (await findLink(container.route, ifName))
        throw new Error(`container veth name ("${ifName}") peer provided ("${ifname}") already exists`)
    }
  }
  throw new Error('failed to find a unique veth name')
}

function parseMac(text: string | undefined): MAC | undefined {
  try {
    return text === undefined ? undefined : MAC.parse(text)
  } catch (cause) {
    throw new Error(`failed to make veth pair: ${messageOf(cause)}`, { cause })
  }
}

/** A container must not be able to give the host routes by router advertisements (CVE-2020-10749). */
export function acceptNoRouterAdvertisements(host: Host, ifname: string): void {
  try {
    writeSysctl(host.netns, `net/ipv6/conf/${ifname}/accept_ra`, '0')
  } catch {
    // A kernel without IPv6 accepts none anyway.
  }
}
