import { parseResult } from '@patchbay/cni/types'
import { type IsOurs, mark } from '../../rules/ruleset/index.ts'

/**
 * The addresses of attachments that runtimes remember, without those that `isOurs` is about. While the reference plugins
 * are installed, an address may go to a new container although it is still noted for the one before.
 */
export async function addressesOfOthers(isOurs: IsOurs): Promise<Set<string>> {
  const { Cni } = await import('@patchbay/cni/runtime')
  const addresses = new Set<string>()
  for (const { network, containerId, ifName, result } of await rememberedIn(new Cni({ path: [] }))) {
    if (!result || isOurs(mark({ name: network, containerId, ifName }))) continue
    for (const address of addressesIn(result)) addresses.add(address)
  }
  return addresses
}

type Runtime = InstanceType<typeof import('@patchbay/cni/runtime').Cni>
type Remembered = Awaited<ReturnType<Runtime['getCachedAttachments']>>

async function rememberedIn(runtime: Runtime): Promise<Remembered> {
  try {
    return await runtime.getCachedAttachments()
  } catch {
    return []
  }
}

function addressesIn(result: Parameters<typeof parseResult>[0]): string[] {
  try {
    return parseResult(result).ips?.map(({ address }) => String(address.address)) ?? []
  } catch {
    return []
  }
}
