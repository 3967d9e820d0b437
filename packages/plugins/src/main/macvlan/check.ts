import type { Request } from '@patchbay/cni/plugin'
import {
  checkAddresses,
  checkLink,
  checkRoutes,
  checkUp,
  containerInterface,
  requirePrevResult,
} from '../../link/check-interface.ts'
import { openNetns } from '../../link/net-context.ts'
import { checkError } from '../../request/check-error.ts'
import { findMaster } from './add.ts'
import { loadMacvlanConfig, parseMode, requestedMac } from './config.ts'

/** Checks that a container's interface is as its ADD said. */
export async function check(request: Request): Promise<void> {
  const config = loadMacvlanConfig(request)
  using host = openNetns(request, request.hostNetns)
  using container = openNetns(request, request.netns)
  const master = await findMaster(config.linkInContainer ? container : host, config)
  requestedMac(request, config)
  if (config.ipamType !== '') await request.delegate(config.ipamType, 'CHECK')
  const result = requirePrevResult(request)
  const expected = containerInterface(request, result)
  const link = await checkLink(container, expected, 'macvlan')
  if (link.link !== master.index)
    throw checkError(`Cannot use interface "${expected.name}": its master is not "${master.ifname}"`)
  const kind = link.linkinfo?.link
  const mode = kind?.kind === 'macvlan' ? kind.data?.mode : undefined
  if (mode !== parseMode(config.mode))
    throw checkError(`Interface ${expected.name} has macvlan mode ${mode} instead of ${parseMode(config.mode)}`)
  checkUp(link)
  await checkAddresses(container, link, { ips: result.ips ?? [] })
  await checkRoutes(container, link, result.routes ?? [])
}
