import type { NetworkList } from '@patchbay/cni/config'
import type { JsonObject } from '@patchbay/cni/json'

/**
 * What to warn of: capabilities that have arguments and that no plugin of a network enables, so that nobody gets them. One that
 * differs in case or separators alone is named.
 */
export function unusedCapabilities(list: NetworkList, capabilityArgs: JsonObject): string[] {
  const enabled = new Set(
    list.plugins.flatMap(({ capabilities }) => Object.keys(capabilities).filter((each) => capabilities[each])),
  )
  return Object.keys(capabilityArgs)
    .filter((capability) => !enabled.has(capability))
    .map((capability) => {
      const alike = [...enabled].find((each) => plain(each) === plain(capability))
      const remedy = alike === undefined ? `set it in "capabilities" of a plugin` : `write "${alike}"`
      return `Cannot hand on "${capability}" of CAP_ARGS: no plugin of network "${list.name}" enables it; ${remedy}`
    })
}

function plain(name: string): string {
  return name.toLowerCase().replace(/[-_. ]/g, '')
}
