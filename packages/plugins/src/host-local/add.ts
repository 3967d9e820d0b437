import { readFileSync } from 'node:fs'
import type { Request } from '@patchbay/cni/plugin'
import { currentVersion, type DNS, type Result } from '@patchbay/cni/types'
import { allocate } from './allocate.ts'
import { loadConfig } from './config.ts'
import { configuredAddresses } from './configured-addresses.ts'
import { ensureDirectory, openDirectoryStore } from './directory-store.ts'
import { fileOperation } from './file-operation.ts'
import { parseResolvConf } from './resolv-conf.ts'

/** Leases one address of each range set to the container's interface; ADD again gives the same ones. */
export async function add(request: Request): Promise<Result> {
  const { directory, sets, requested, routes, resolvConf, keeping } = loadConfig(request)
  const dns = resolvConf === '' ? {} : readResolvConf(resolvConf)
  ensureDirectory(directory, keeping)
  using store = await openDirectoryStore(directory, { ...keeping, signal: request.signal })
  const configured = store.leasesOf(request).length === 0 ? [] : await configuredAddresses(request)
  const ips = allocate(store, { owner: request, sets, requested, configured })
  return { cniVersion: currentVersion, ips, routes: [...routes], dns }
}

function readResolvConf(path: string): DNS {
  return parseResolvConf(fileOperation('open', path, () => readFileSync(path, 'utf8')))
}
