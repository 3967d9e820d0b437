import { MAC } from '@patchbay/address'
import type { Request } from '@patchbay/cni/plugin'
import type { Interface, Result } from '@patchbay/cni/types'
import {
  addMacvlanRequest,
  findLink,
  getLink,
  type LinkSummary,
  linkSummary,
  MACVLAN_MODE,
  setLink,
} from '@patchbay/linux/route'
import { configureInterface } from '../../link/configure-interface.ts'
import { announceIpv6 } from '../../link/container-sysctls.ts'
import { macForContainer } from '../../link/deterministic-mac.ts'
import { type Host, openHost } from '../../link/hosts.ts'
import { checkMtuForAddresses } from '../../link/link-mtu.ts'
import { makeRenamed } from '../../link/temporary-link.ts'
import { messageOf } from '../../request/error-message.ts'
import { UndoStack } from '../../request/undo-stack.ts'
import { allocateForSmallMtu, checkConfiguredRoutes, makeLinkAndAllocate } from '../ipam.ts'
import { checkLayer2Version } from '../layer2-version.ts'
import { resultDns } from '../result-dns.ts'
import { loadMacvlanConfig, type MacvlanConfig, parseMode, requestedMac } from './config.ts'
import { defaultRouteLink } from './default-route-link.ts'

/** Gives a container an interface of its own on a network that the host, or the container, is on. */
export async function add(request: Request): Promise<Result> {
  const config = loadMacvlanConfig(request)
  parseMode(config.mode)
  if (config.ipamType === '') checkLayer2Version(request.cniVersion)
  checkConfiguredRoutes(request, config.ipamType)
  using host = openHost(request.hostNetns)
  using container = openHost(request.netns)
  const lower = config.linkInContainer ? container : host
  const master = await findMaster(lower, config)
  const mac = parseMac(requestedMac(request, config))
  await using undo = new UndoStack(request.warn)
  const making = { request, config, lower, container, master, mac, undo }
  const result = config.ipamType === '' ? await attachLayer2(making) : await attachLayer3(making)
  undo.keep()
  return result
}

async function attachLayer2(making: Making): Promise<Result> {
  const { request, config, container } = making
  const link = await makeMacvlan(making)
  await setLink(container.route, link.index, { up: true })
  const interfaces = describe(request, link.address)
  return { cniVersion: request.cniVersion, interfaces, dns: resultDns(config.dns, undefined) }
}

async function attachLayer3(making: Making): Promise<Result> {
  const { request, config, container, master, mac: requested, undo } = making
  const { ifName, cniVersion } = request
  const mtu = config.mtu || (master.mtu ?? 0)
  const attached = await makeLinkAndAllocate(request, {
    ...config,
    container,
    undo,
    allocated: await allocateForSmallMtu(request, mtu, { ...config, container, undo }),
    makeLink: () => makeMacvlan(making),
    prepare: async (ipam) => {
      checkMtuForAddresses({ name: ifName, mtu }, ipam.ips)
      return ipam
    },
  })
  const { prepared: ipam } = attached
  const ips = ipam.ips.map((ip) => ({ ...ip, interface: 0 }))
  announceIpv6(container, ifName)
  const link = attached.isLinkUsed
    ? await getLink(container.route, attached.link.index, { as: linkSummary })
    : attached.link
  // In this mode the link has the address of its master, which must stay what the network knows.
  const shared = parseMode(config.mode) === MACVLAN_MODE.PASSTHRU
  const mac = await macForContainer(link, { ...config, requested: requested !== undefined || shared, ips })
  const result = { cniVersion, interfaces: describe(request, mac ?? link.address), ips, routes: ipam.routes ?? [] }
  await configureInterface(container, { index: link.index, ifName }, result, {
    mac,
    announced: true,
    optimistic: true,
    warn: request.warn,
  })
  return { ...result, dns: resultDns(config.dns, ipam.dns) }
}

function describe({ ifName, netns }: Request, mac: LinkSummary['address']): Interface[] {
  return [{ name: ifName, mac: String(mac), sandbox: netns }]
}

/**
 * The link that the new one shares.
 *
 * @throws Error when it is not there, or has too small an MTU
 */
export async function findMaster(lower: Host, config: MacvlanConfig): Promise<LinkSummary> {
  const master =
    config.master === ''
      ? await defaultRouteLink(lower)
      : await findLink(lower.route, config.master, { as: linkSummary })
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
  master: LinkSummary
  mac: MAC | undefined
  undo: UndoStack
}

function makeMacvlan({ request, config, lower, container, master, mac, undo }: Making): Promise<LinkSummary> {
  const settings = {
    link: master.index,
    mtu: config.mtu || undefined,
    netNsFd: container.netns.fd,
    address: mac,
    mode: parseMode(config.mode),
    bcQueueLen: config.bcqueuelen || undefined,
  }
  const make = async (marks: { ifname: string; group: number }) => {
    try {
      await lower.route.requestSlow(addMacvlanRequest({ ...settings, ...marks }))
    } catch (error) {
      throw new Error(`failed to create macvlan: ${messageOf(error)}`, { cause: error })
    }
  }
  return makeRenamed(container, { owner: request, kind: 'macvlan', undo, make })
}

function parseMac(text: string | undefined): MAC | undefined {
  try {
    return text === undefined ? undefined : MAC.parse(text)
  } catch (cause) {
    throw new Error(`invalid args ${text} for MAC addr: ${messageOf(cause)}`, { cause })
  }
}
