import type { Request } from '@patchbay/cni/plugin'
import { currentVersion, type Result } from '@patchbay/cni/types'
import { allocate } from './allocate.ts'
import { exhaustedText, loadConfig } from './config.ts'
import { configuredAddresses } from './configured-addresses.ts'
import { makeDirectoryStore } from './directory-store.ts'
import { readResolvConf } from './resolv-conf.ts'

/** Leases one address of each range set to the container's interface; ADD again gives the same attachment the same addresses. */
export async function add(request: Request): Promise<Result> {
  const { directory, sets, keyOf, requested, routes, resolvConf, keeping } = loadConfig(request)
  const dns = resolvConf === '' ? {} : readResolvConf(resolvConf)
  await using store = await makeDirectoryStore(directory, { ...keeping, signal: request.signal })
  const held = await store.leasesOf(request)
  const configured = held.length === 0 ? [] : await configuredAddresses(request, await store.notedNamespace(request))
  const remedy = (set: number) => exhaustedText(request.name, keyOf(set))
  const ips = await allocate(store, { owner: request, sets, requested, held, configured, remedy })
  await store.noteNamespace(request, request.netns)
  return { cniVersion: currentVersion, ips, routes: [...routes], dns }
}
