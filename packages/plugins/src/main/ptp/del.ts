import type { Request } from '@patchbay/cni/plugin'
import { deleteRouteRequest } from '@patchbay/linux/route'
import { openNetns } from '../../link/net-context.ts'
import { attachedAddresses } from '../../request/attached-addresses.ts'
import { removeMasquerade } from '../../rules/masquerade/index.ts'
import { detach } from '../detach.ts'
import { loadPtpConfig } from './config.ts'
import { hostRoute } from './host-route.ts'

/** Detaches a container. What is gone already is fine, and every step runs even if others fail. */
export async function del(request: Request): Promise<void> {
  const { ipamType, ipMasq } = loadPtpConfig(request)
  await detach(request, {
    ipamType,
    removeRoutes: ({ link }) => deleteHostRoutes(request, link),
    ...(ipMasq && { removeRules: () => removeMasquerade(request) }),
  })
}

/**
 * The routes to the container would go with the host's end, but for that the kernel looks through all IPv4 routes of the
 * host. If the addresses are unknown, this is skipped.
 */
async function deleteHostRoutes(request: Request, oif: number | undefined): Promise<void> {
  const addresses = attachedAddresses(request)?.filter(({ family }) => family === 4) ?? []
  if (oif === undefined || addresses.length === 0) return
  try {
    using host = openNetns(request, request.hostNetns)
    await host.route.requestSlow(addresses.map((address) => deleteRouteRequest(hostRoute(address, oif))))
  } catch {
    // The link goes all the same, and they with it.
  }
}
