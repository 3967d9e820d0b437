import type { Request } from '@patchbay/cni/plugin'
import { listRoutes } from '@patchbay/linux/route'
import { openNetns } from '../../link/net-context.ts'
import { checkError } from '../../request/check-error.ts'
import { loadSbrConfig, sourceAddresses } from './config.ts'
import { SourceRules } from './rules.ts'
import { linkOf } from './sbr.ts'

/** Checks that what is sent from the interface's addresses is routed by their tables. */
export async function check(request: Request): Promise<void> {
  const config = loadSbrConfig(request)
  // The reference's CHECK is content with anything.
  if (!config.prevResult) return
  using container = openNetns(request, request.netns)
  const rules = await SourceRules.read(container)
  const link = await linkOf(request, container)
  for (const { address, gateway } of sourceAddresses(config.prevResult, request, config)) {
    const table = rules.tableOf(address, config.table)
    if (table === undefined)
      throw checkError(`Cannot find the rule for address ${address.address} of "${request.ifName}"`)
    if (gateway === undefined || config.table !== undefined) continue
    const routes = await listRoutes(container.route, { table, oif: link.index, family: address.family })
    if (!routes.some((route) => route.dst.prefixLength === 0 && route.gateway?.equals(gateway)))
      throw checkError(`Cannot find the default route by gateway ${gateway} of "${request.ifName}" in table ${table}`)
  }
}
