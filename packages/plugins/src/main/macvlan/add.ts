import type { MAC } from '@patchbay/address'
import type { Request } from '@patchbay/cni/plugin'
import type { Result } from '@patchbay/cni/types'
import {
  addMacvlanRequest,
  findLink,
  type LinkSummary,
  linkSummary,
  MACVLAN_MODE,
  setLink,
} from '@patchbay/linux/route'
import { configureInterface } from '../../link/configure-interface.ts'
import { announceIpv6 } from '../../link/container-sysctls.ts'
import { configuredMtu, type LinkMtu } from '../../link/link-mtu.ts'
import type { OpenNetns } from '../../link/net-context.ts'
import { renameIntoPlace } from '../../link/rename-into-place.ts'
import { messageOf } from '../../request/error-message.ts'
import { parseRequestedMac } from '../../request/requested-mac.ts'
import { type Addressing, type AttachSteps, attach, type MadeLink, type Opened, type Ready } from '../attach.ts'
import { loadMacvlanConfig, type MacvlanConfig, parseMode, requestedMac } from './config.ts'
import { defaultRouteLink } from './default-route-link.ts'

/** Everything that the steps of one ADD share. */
interface Attaching extends Opened {
  config: MacvlanConfig
  /** Where the master is. */
  lower: OpenNetns
  master: LinkSummary
  /** The hardware address that was asked for. */
  mac: MAC | undefined
}

/** Gives a container an interface of its own on a network that the host, or the container, is on. */
export async function add(request: Request): Promise<Result> {
  const config = loadMacvlanConfig(request)
  parseMode(config.mode)
  return attach(request, { ...config, ipamType: config.ipamType || undefined }, (opened) => begin(opened, config))
}

async function begin(opened: Opened, config: MacvlanConfig): Promise<AttachSteps<MadeLink, Addressing>> {
  const { request, host, container } = opened
  const lower = config.linkInContainer ? container : host
  const master = await findMaster(lower, config)
  const asked = requestedMac(request, config)
  const mac = parseRequestedMac(asked, (reason) => `invalid args ${asked?.text} for MAC addr: ${reason}`)
  // In this mode the link has the address of its master, which must stay what the network knows.
  const isShared = parseMode(config.mode) === MACVLAN_MODE.PASSTHRU
  return {
    mtu: mtuOf(config, master),
    macPolicy: { deterministicMac: config.deterministicMac, requested: mac !== undefined || isShared },
    makeLink: () => makeMacvlan({ ...opened, config, lower, master, mac }),
    prepare: async ({ ips, routes = [] }) => ({ ips, routes }),
    configure: (made) => configureLayer3(opened, made),
    setUp: ({ link }) => setLink(container.route, link.index, { up: true }),
    describe: (own) => [own],
  }
}

/**
 * The link that the new one shares.
 *
 * @throws Error when it is not there, or has too small an MTU
 */
export async function findMaster(lower: OpenNetns, config: MacvlanConfig): Promise<LinkSummary> {
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

function mtuOf(config: MacvlanConfig, master: LinkSummary): LinkMtu {
  if (config.mtu !== 0) return configuredMtu(config.mtu)
  return { bytes: master.mtu ?? 0, from: `that of master "${master.ifname}"` }
}

async function makeMacvlan({ request, config, lower, container, master, mac, undo }: Attaching): Promise<MadeLink> {
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
  const { index, address } = await renameIntoPlace(container, { owner: request, kind: 'macvlan', undo, make })
  return { index, ifName: request.ifName, address }
}

async function configureLayer3(
  { request, container }: Opened,
  { link, mac, prepared }: Ready<MadeLink, Addressing>,
): Promise<void> {
  announceIpv6(container, link.ifName)
  const options = { mac: mac.wanted, announced: true, optimistic: true, warn: request.warn }
  await configureInterface(container, link, prepared, options)
}
