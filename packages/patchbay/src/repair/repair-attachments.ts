import { listFromPluginConf, type NetworkList, networkListFromBytes, pluginConfFromBytes } from '@patchbay/cni/config'
import { isJsonObject, parseJson } from '@patchbay/cni/json'
import { Cni, type NetworkAttachment } from '@patchbay/cni/runtime'
import { resultToJson } from '@patchbay/cni/types'
import { Namespace } from '@patchbay/linux/netns'
import { type RepairWorld, repairStep } from './repair-step.ts'

/** What became of one attachment. */
export interface RepairedAttachment {
  network: string
  containerId: string
  ifName: string
  netns: string
  /** `gone` when its namespace is: then it needs nothing. */
  state: 'restored' | 'gone' | 'failed'
  /** What has been put back: `masquerade`, `portmap` and the like. */
  restored: string[]
  /** What could not be: the plugin and why. */
  errors: string[]
}

export interface RepairOptions extends RepairWorld {
  /** Where runtimes remember attachments. */
  cacheDir: string
  /** All networks by default. */
  network?: string | undefined
}

/**
 * Puts back the rules of all attachments that runtimes remember and whose namespaces are there: what is in place is
 * left or replaced by the same. Attachments without rules are left out of what is returned.
 *
 * @throws Error when the cache cannot be read
 */
export async function repairAttachments(options: RepairOptions): Promise<RepairedAttachment[]> {
  const cni = new Cni({ path: [], cacheDir: options.cacheDir })
  const repaired: RepairedAttachment[] = []
  for (const attachment of await cni.getCachedAttachments()) {
    if (options.network !== undefined && attachment.network !== options.network) continue
    repaired.push(await repairAttachment(cni, attachment, options))
  }
  return repaired.filter(({ state, restored }) => state !== 'restored' || restored.length > 0)
}

async function repairAttachment(
  cni: Cni,
  attachment: NetworkAttachment,
  world: RepairWorld,
): Promise<RepairedAttachment> {
  const { network, containerId, ifName, netns } = attachment
  const outcome = { network, containerId, ifName, netns, restored: [] as string[], errors: [] as string[] }
  if (!isNamespace(netns)) return { ...outcome, state: 'gone' }
  try {
    const list = listOf(attachment)
    const result = await cni.getNetworkListCachedResult(list, attachment)
    const prevResult = result && resultToJson(result, list.cniVersion)
    for (const plugin of list.plugins)
      try {
        outcome.restored.push(...(await repairStep({ list, plugin, attachment, prevResult }, world)))
      } catch (error) {
        outcome.errors.push(`${plugin.type}: ${messageOf(error)}`)
      }
  } catch (error) {
    outcome.errors.push(messageOf(error))
  }
  return { ...outcome, state: outcome.errors.length > 0 ? 'failed' : 'restored' }
}

/** A runtime may have used a plugin without a list. */
function listOf({ config }: NetworkAttachment): NetworkList {
  const json = parseJson(config)
  return isJsonObject(json) && Object.hasOwn(json, 'plugins')
    ? networkListFromBytes(config)
    : listFromPluginConf(pluginConfFromBytes(config))
}

function isNamespace(path: string): boolean {
  try {
    Namespace.open(path).close()
    return true
  } catch {
    return false
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
