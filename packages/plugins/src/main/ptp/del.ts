import type { Request } from '@patchbay/cni/plugin'
import { deleteRouteRequest } from '@patchbay/linux/route'
import { openHost } from '../../link/hosts.ts'
import { attachedAddresses } from '../../request/attached-addresses.ts'
import { removeMasquerade } from '../../rules/masquerade/index.ts'
import { deleteLinkAndRelease } from '../ipam.ts'
import { loadPtpConfig } from './config.ts'
import { hostRoute } from './host-route.ts'

/** Detaches a container. What is gone already is fine, and every step runs whatever became of the others. */
export async function del(request: Request): Promise<void> {
  const { ipamType, ipMasq } = loadPtpConfig(request)
  await deleteLinkAndRelease(request, {
    ipamType,
    before: ({ link }) => deleteHostRoutes(request, link),
    ...(ipMasq && { meanwhile: () => removeMasquerade(request) }),
  })
}

/**
 * The routes to the container would go with the host's end, but for that the kernel looks through all IPv4 routes of the
 * host. Where it is not known what they are, so be it.
 */
async function deleteHostRoutes(request: Request, oif: number | undefined): Promise<void> {
  const addresses = attachedAddresses(request)?.filter(({ family }) => family === 4) ?? []
  if (oif === undefined || addresses.length === 0) return
  try {
    using host = openHost(request.hostNetns)
    await host.route.requestSlow(addresses.map((address) => deleteRouteRequest(hostRoute(address, oif))))
  } catch {
    // The link goes all the same, and they with it.
  }
}
