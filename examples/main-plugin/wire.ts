import { createHash } from 'node:crypto'
import { CIDR } from '@patchbay/address'
import { type DelegateOptions, delegateIpam, type Plugin, type Request } from '@patchbay/cni/plugin'
import { CniError, type Result } from '@patchbay/cni/types'
import {
  addAddress,
  addVeth,
  deleteLink,
  findLink,
  getLink,
  type Link,
  Namespace,
  NamespaceNotFoundError,
  type NetlinkSocket,
  openRouteSocket,
  setLink,
} from '@patchbay/linux'

/** A socket in a namespace. It keeps the namespace that it was opened in. */
function openIn(path: string): NetlinkSocket {
  using netns = Namespace.open(path)
  return openRouteSocket({ netns })
}

/** Makes a cable: one end on the host, the other one in the container under its final name. */
async function makeCable({ name, containerId, hostNetns, netns, ifName }: Request): Promise<Link> {
  using inHost = openIn(hostNetns)
  using container = Namespace.open(netns)
  const hash = createHash('sha256').update(`${name} ${containerId} ${ifName}`).digest('hex')
  const peer = { ifname: ifName, netNsFd: container.fd }
  return addVeth(inHost, { ifname: `wire-${hash.slice(0, 10)}`, up: true, peer })
}

/** Gives the container's end the addresses that IPAM gives, and the host's end their gateways. */
async function configure(request: Request, hostEnd: Link): Promise<Result> {
  const { cniVersion, hostNetns, ifName, netns } = request
  const { ips = [], routes = [], dns = {} } = await delegateIpam(request, 'ADD')
  using inHost = openIn(hostNetns)
  using inContainer = openIn(netns)
  const own = await getLink(inContainer, ifName)
  for (const { address, gateway } of ips) {
    await addAddress(inContainer, { index: own.index, address })
    if (gateway) await addAddress(inHost, { index: hostEnd.index, address: CIDR.of(gateway, address.prefixLength) })
  }
  await setLink(inContainer, own.index, { up: true })
  const interfaces = [
    { name: hostEnd.ifname ?? '', mac: String(hostEnd.address) },
    { name: ifName, mac: String(own.address), sandbox: netns },
  ]
  return { cniVersion, interfaces, ips: ips.map((ip) => ({ ...ip, interface: 1 })), routes, dns }
}

/** Deletes the container's end, and the host's with it. Nothing there, or no namespace, is no error. */
async function removeCable({ netns, ifName }: Request): Promise<void> {
  try {
    using inContainer = openIn(netns)
    const link = await findLink(inContainer, ifName)
    if (link) await deleteLink(inContainer, link.index)
  } catch (error) {
    if (!(error instanceof NamespaceNotFoundError)) throw error
  }
}

async function takeBack(request: Request, options?: DelegateOptions): Promise<void> {
  try {
    await removeCable(request)
  } finally {
    await delegateIpam(request, 'DEL', options)
  }
}

/** Connects a container with the host by a cable of its own. */
export const wire: Plugin = {
  name: 'wire',
  async add(request) {
    const hostEnd = await makeCable(request)
    try {
      const result = await configure(request, hostEnd)
      request.signal?.throwIfAborted()
      return result
    } catch (error) {
      // By a signal of its own: the request may fail because its signal was aborted.
      await takeBack(request, { signal: new AbortController().signal }).catch((failure) =>
        request.warn(`Cannot take back "wire ADD": ${failure}`),
      )
      throw error
    }
  },
  del: (request) => takeBack(request),
  async check(request) {
    await delegateIpam(request, 'CHECK')
    using inContainer = openIn(request.netns)
    if (!(await findLink(inContainer, request.ifName))) throw new CniError(100, `no interface ${request.ifName}`)
  },
  gc: (request) => delegateIpam(request, 'GC'),
  status: (request) => delegateIpam(request, 'STATUS'),
}
