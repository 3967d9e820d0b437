import type { Request } from '@patchbay/cni/plugin'
import type { Result } from '@patchbay/cni/types'
import { findLink, type LinkSummary, linkSummary } from '@patchbay/linux/route'
import { type OpenNetns, openNetns } from '../../link/net-context.ts'

/**
 * The host's end of the container's pair, which the result has to list.
 *
 * @throws Error naming what is missing
 */
export async function findHostEnd(
  host: OpenNetns,
  request: Request,
  { interfaces = [] }: Result,
): Promise<LinkSummary> {
  if (interfaces.length === 0) throw new Error('no interfaces provided')
  const peer = await peerIndexOf(request)
  const names = interfaces.filter(({ sandbox }) => !sandbox).map(({ name }) => name)
  const link = await findLink(host.route, peer, { as: linkSummary })
  if (link?.ifname !== undefined && names.includes(link.ifname)) return link
  throw new Error(
    link === undefined
      ? `veth peer with index ${peer} is not in host ns`
      : 'no veth peer of container interface found in host ns',
  )
}

async function peerIndexOf(request: Request): Promise<number> {
  const { ifName } = request
  using container = openNetns(request, request.netns)
  const link = await findLink(container.route, ifName, { as: linkSummary })
  const failure = (reason: string) => new Error(`container interface ${ifName} has no veth peer: ${reason}`)
  if (!link) throw failure(`could not look up "${ifName}": Link not found`)
  if (link.linkinfo?.link?.kind !== 'veth' || link.link === undefined)
    throw failure(`interface "${ifName}" was not a veth interface`)
  return link.link
}
