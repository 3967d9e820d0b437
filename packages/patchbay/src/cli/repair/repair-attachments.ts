import { join } from 'node:path'
import { listFromPluginConf, type NetworkList, networkListFromBytes, pluginConfFromBytes } from '@patchbay/cni/config'
import { isJsonObject, parseJson } from '@patchbay/cni/json'
import { Cni, type NetworkAttachment } from '@patchbay/cni/runtime'
import { resultToJson } from '@patchbay/cni/types'
import { Namespace, NamespaceNotFoundError, NotANamespaceError } from '@patchbay/linux/netns'
import { findPlugin } from '@patchbay/plugins'
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
 * @throws Error when the cache cannot be read, and when it has nothing of the network that is named
 */
export async function repairAttachments(options: RepairOptions): Promise<RepairedAttachment[]> {
  const { cacheDir, network: wanted } = options
  const cni = new Cni({ path: [], cacheDir })
  const remembered = await cni.getCachedAttachments()
  const networks = new Set(remembered.map(({ network }) => network))
  if (wanted !== undefined && !networks.has(wanted)) throw unknownNetwork(wanted, { cacheDir, networks })
  const repaired: RepairedAttachment[] = []
  for (const attachment of remembered) {
    if (wanted !== undefined && attachment.network !== wanted) continue
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
  try {
    if (isGone(netns)) return { ...outcome, state: 'gone' }
    const list = listOf(attachment)
    if (!list.plugins.some(({ type }) => findPlugin(type)?.repair)) return { ...outcome, state: 'restored' }
    if (netns === '') throw new Error('Cannot find its namespace: neither the cache nor the result names it')
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

function unknownNetwork(network: string, known: { cacheDir: string; networks: ReadonlySet<string> }): Error {
  const names = [...known.networks].sort().map((name) => `"${name}"`)
  const others = names.length > 0 ? `, only to ${names.join(', ')}` : ''
  const place = join(known.cacheDir, 'results')
  return new Error(`Cannot repair network "${network}": no attachment to it is in "${place}"${others}`)
}

/** @throws Error when it cannot be told */
function isGone(netns: string): boolean {
  if (netns === '') return false
  try {
    Namespace.open(netns).close()
    return false
  } catch (error) {
    // The file that a namespace was mounted on may have stayed.
    if (error instanceof NamespaceNotFoundError || error instanceof NotANamespaceError) return true
    throw error
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
