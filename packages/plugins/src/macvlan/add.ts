import { MAC } from '@patchbay/address'
import type { Request } from '@patchbay/cni/plugin'
import type { Result } from '@patchbay/cni/types'
import { addLinkRequest, findLink, type Link, MACVLAN_MODE, setLink } from '@patchbay/linux/route'
import { configureInterface } from '../configure-interface.ts'
import { announceAddresses } from '../container-sysctls.ts'
import { defaultRouteLink } from '../default-route-link.ts'
import { macForContainer } from '../deterministic-mac.ts'
import { messageOf } from '../error-message.ts'
import { type Host, openHost } from '../hosts.ts'
import { allocateAddresses } from '../ipam.ts'
import { resultDns } from '../result-dns.ts'
import { adoptLink } from '../temporary-link.ts'
import { UndoStack } from '../undo-stack.ts'
import { randomVethName } from '../veth-pair.ts'
import { loadMacvlanConfig, type MacvlanConfig, parseMode, requestedMac } from './config.ts'

/** Gives a container an interface of its own on a network that the host, or the container, is on. */
export async function add(request: Request): Promise<Result> {
  const config = loadMacvlanConfig(request)
  using host = openHost(request.hostNetns)
  using container = openHost(request.netns)
  const lower = config.linkInContainer ? container : host
  const master = await findMaster(lower, config)
  const mac = requestedMac(request, config)
  await using undo = new UndoStack(request.warn)
  const link = await makeMacvlan({ request, config, lower, container, master, mac, undo })
  const result = await configure({ request, config, container, link, requested: mac !== undefined, undo })
  undo.keep()
  return result
}

/**
 * The link that the new one shares.
 *
 * @throws Error when it is not there, or has too small an MTU
 */
export async function findMaster(lower: Host, config: MacvlanConfig): Promise<Link> {
  const master = config.master === '' ? await defaultRouteLink(lower) : await findLink(lower.route, config.master)
  if (!master) throw new Error(`failed to lookup master "${config.master}": Link not found`)
  const limit = master.mtu ?? 0
  if (config.mtu < 0 || config.mtu > limit)
    throw new RangeError(`invalid MTU ${config.mtu}, must be [0, master MTU(${limit})]`)
  return master
}

interface Making {
  request: Request
  config: MacvlanConfig
  lower: Host
  container: Host
  master: Link
  mac: string | undefined
  undo: UndoStack
}

async function makeMacvlan({ request, config, lower, container, master, mac, undo }: Making): Promise<Link> {
  const temporary = randomVethName()
  const data = { mode: parseMode(config.mode), bcQueueLen: config.bcqueuelen || undefined }
  const settings = {
    ifname: temporary,
    link: master.index,
    mtu: config.mtu || undefined,
    netNsFd: container.netns.fd,
    address: parseMac(mac),
    linkinfo: { link: { kind: 'macvlan', data } },
  } as const
  try {
    await lower.route.request(addLinkRequest(settings))
  } catch (error) {
    throw new Error(`failed to create macvlan: ${messageOf(error)}`, { cause: error })
  }
  return adoptLink(container, { temporary, final: request.ifName }, { kind: 'macvlan', undo })
}

function parseMac(text: string | undefined): MAC | undefined {
  try {
    return text === undefined ? undefined : MAC.parse(text)
  } catch (cause) {
    throw new Error(`invalid args ${text} for MAC addr: ${messageOf(cause)}`, { cause })
  }
}

interface Configuring {
  request: Request
  config: MacvlanConfig
  container: Host
  link: Link
  /** Whether the hardware address was asked for. */
  requested: boolean
  undo: UndoStack
}

async function configure({ request, config, container, link, requested, undo }: Configuring): Promise<Result> {
  const { ifName, cniVersion } = request
  const describe = (mac: Link['address']) => [{ name: ifName, mac: String(mac), sandbox: request.netns }]
  if (config.ipamType === '') {
    await setLink(container.route, link.index, { up: true })
    return { cniVersion, interfaces: describe(link.address), dns: resultDns(config.dns, undefined) }
  }
  const ipam = await allocateAddresses(request, config.ipamType, undo)
  const ips = ipam.ips.map((ip) => ({ ...ip, interface: 0 }))
  announceAddresses(container, ifName, { ipv6: true })
  // In this mode the link has the address of its master, which must stay what the network knows.
  const shared = parseMode(config.mode) === MACVLAN_MODE.PASSTHRU
  const policy = { ...config, requested: requested || shared, ips }
  const mac = await macForContainer(container, link.index, policy)
  const result = { cniVersion, interfaces: describe(mac ?? link.address), ips, routes: ipam.routes ?? [] }
  await configureInterface(container, { index: link.index, ifName }, result, { mac, warn: request.warn })
  return { ...result, dns: resultDns(config.dns, ipam.dns) }
}
