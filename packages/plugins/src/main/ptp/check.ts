import type { Request } from '@patchbay/cni/plugin'
import {
  checkAddresses,
  checkLink,
  checkRoutes,
  containerInterface,
  requirePrevResult,
} from '../../link/check-interface.ts'
import { openNetns } from '../../link/net-context.ts'
import { checkMasquerade } from '../../rules/masquerade/index.ts'
import { loadPtpConfig } from './config.ts'

/** Checks that a container is attached as its ADD said. */
export async function check(request: Request): Promise<void> {
  const config = loadPtpConfig(request)
  using container = openNetns(request, request.netns)
  await request.delegate(config.ipamType, 'CHECK')
  const result = requirePrevResult(request, 'ptp')
  const link = await checkLink(container, containerInterface(request, result), 'veth')
  await checkAddresses(container, link, result.ips ?? [])
  await checkRoutes(container, result.routes ?? [])
  const addresses = (result.ips ?? []).map(({ address }) => address)
  if (config.ipMasq) await checkMasquerade(request, config, addresses)
}
