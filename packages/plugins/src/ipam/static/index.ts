import { type Plugin, parsePrevResult, type Request } from '@patchbay/cni/plugin'
import { currentVersion, isAtLeast, type Result } from '@patchbay/cni/types'
import { loadStaticConfig, type StaticConfig } from './config.ts'

/** The IPAM plugin `static`: gives out the addresses that its configuration lists, and remembers nothing. */
export const staticIpam: Plugin = { name: 'static', add, del, check, status }

async function add(request: Request): Promise<Result> {
  const { ips, routes, dns } = loadStaticConfig(request)
  checkVersion(request.cniVersion, ips)
  return { cniVersion: currentVersion, ips, ...(routes && { routes }), ...(dns && { dns }) }
}

/** Before 0.3.0 a result has room for one address of each family. */
function checkVersion(version: string, ips: StaticConfig['ips']): void {
  if (isAtLeast(version, '0.3.0')) return
  for (const family of [4, 6] as const)
    if (ips.filter(({ address }) => address.family === family).length > 1)
      throw new Error(`CNI version ${version} does not support more than 1 address per family`)
}

/** Nothing is kept, so there is nothing to give back: not even a bad configuration is in the way. */
async function del(): Promise<void> {}

/** What the configuration lists can be given out whenever it can be read. */
async function status(request: Request): Promise<void> {
  loadStaticConfig(request)
}

/** Checks that the addresses in the result have the gateways of the configuration. */
async function check(request: Request): Promise<void> {
  const { ips } = loadStaticConfig(request)
  const result = parsePrevResult(request.config)
  if (!result) throw new Error('Required prevResult missing')
  for (const { address, gateway } of ips) {
    const given = result.ips?.find((ip) => ip.address.address.equals(address.address))
    if (given && gateway && !given.gateway?.equals(gateway))
      throw new Error(`static: Failed to match addr ${address.address} on interface ${request.ifName}`)
  }
}
