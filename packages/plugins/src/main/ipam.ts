import { array, JsonError, object } from '@patchbay/cni/json'
import type { Request } from '@patchbay/cni/plugin'
import { type Result, type Route, route } from '@patchbay/cni/types'
import { findLink, linkSummary } from '@patchbay/linux/route'
import { mayNeedInterface } from '../ipam/ipam-plugins.ts'
import { checkMtuForAddresses, isTooSmallForIpv6, type LinkMtu } from '../link/link-mtu.ts'
import type { OpenNetns } from '../link/net-context.ts'
import type { UndoStack } from '../request/undo-stack.ts'
import { checkRouteValues } from './route-values.ts'

/** What an IPAM plugin must return: at least one address. */
export type IpamResult = Result & { ips: NonNullable<Result['ips']> }

const routesOfIpam = object('NetConf', { ipam: object('types.IPAM', { routes: array(route) }) })

/**
 * Checks the routes of a configuration before anything is made for it, when the IPAM plugin is one that only copies them
 * into its result. It says itself what it cannot read.
 *
 * @throws {CniError} 7 as {@link checkRouteValues}
 */
export function checkConfiguredRoutes(request: Request, type: string): void {
  if (!mayNeedInterface(type)) checkRouteValues(configuredRoutes(request))
}

function configuredRoutes({ config }: Request): readonly Route[] {
  try {
    return routesOfIpam.decode(config).ipam?.routes ?? []
  } catch (error) {
    if (error instanceof JsonError || error instanceof SyntaxError) return []
    throw error
  }
}

/** The addresses of an interface that is being attached: allocated once, and released when the attachment fails later. */
export class AddressAllocation {
  readonly #request: Request
  readonly #type: string
  readonly #container: OpenNetns
  readonly #undo: UndoStack
  #early: Promise<void> | undefined
  #allocated: IpamResult | undefined

  /** @param options.type of the IPAM plugin */
  constructor(request: Request, { type, container, undo }: { type: string; container: OpenNetns; undo: UndoStack }) {
    this.#request = request
    this.#type = type
    this.#container = container
    this.#undo = undo
  }

  /** Whether the IPAM plugin may do something by the interface. */
  get mayNeedInterface(): boolean {
    return mayNeedInterface(this.#type)
  }

  /** Whether the container has an interface of that name already. */
  async isNameTaken(): Promise<boolean> {
    return (await findLink(this.#container.route, this.#request.ifName, { as: linkSummary })) !== undefined
  }

  /**
   * Allocates the addresses for a link with so small an MTU that it cannot have IPv6 addresses, and checks that there are none,
   * before the link is made. Does nothing where the MTU is large enough, where the link must come first, and when called again.
   *
   * @throws as {@link allocate}
   */
  allocateForSmallMtu(mtu: LinkMtu): Promise<void> {
    this.#early ??= this.#allocateEarly(mtu)
    return this.#early
  }

  async #allocateEarly(mtu: LinkMtu): Promise<void> {
    if (!isTooSmallForIpv6(mtu.bytes) || this.mayNeedInterface || (await this.isNameTaken())) return
    await this.allocate(mtu)
  }

  /**
   * Has the IPAM plugin allocate the addresses, unless that has been done, and checks that they can be used on a link of this MTU.
   *
   * @throws Error `IPAM plugin returned missing IP config`, CniError for routes that no kernel has room for and for an IPv6
   *   address where the MTU is too small, and whatever the plugin fails with
   */
  async allocate(mtu: LinkMtu): Promise<IpamResult> {
    this.#allocated ??= await allocateAddresses(this.#request, this.#type, this.#undo)
    const addresses = this.#allocated.ips.map(({ address }) => address)
    checkMtuForAddresses(this.#request.ifName, mtu, addresses)
    return this.#allocated
  }
}

async function allocateAddresses(request: Request, type: string, undo: UndoStack): Promise<IpamResult> {
  const result = await request.delegate(type, 'ADD')
  undo.push(`IPAM plugin "${type}" ADD`, async () => {
    // Also when the request has been cut short.
    await request.delegate(type, 'DEL', { signal: new AbortController().signal })
  })
  if (!result?.ips || result.ips.length === 0) throw new Error('IPAM plugin returned missing IP config')
  checkRouteValues(result.routes ?? [])
  return { ...result, ips: result.ips }
}
