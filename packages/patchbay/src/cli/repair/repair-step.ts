import { dirname } from 'node:path'
import type { NetworkList, PluginConfig } from '@patchbay/cni/config'
import type { PluginArgs } from '@patchbay/cni/exec'
import type { JsonObject } from '@patchbay/cni/json'
import { callPlugin, parsePrevResult, type Shared } from '@patchbay/cni/plugin'
import type { NetworkAttachment } from '@patchbay/cni/runtime'
import { findPlugin, type Repair } from '@patchbay/plugins'

/** One plugin of the network of one attachment. */
export interface RepairStep {
  readonly list: NetworkList
  readonly plugin: PluginConfig
  readonly attachment: NetworkAttachment
  /** What the last plugin's ADD returned, in the version of the list. */
  readonly prevResult: JsonObject | undefined
}

export interface RepairWorld {
  /** Path of the namespace that the rules are in. */
  readonly hostNetns: string
  readonly stderr: (text: string) => void
  /** What the steps share. */
  readonly shared: Shared
}

/**
 * Puts back the rules of one plugin, told what a runtime tells it (CNI 1.1 §"Deriving execution configuration").
 *
 * @returns what has been put back; nothing for a plugin that has no rules
 * @throws CniError as the plugin's ADD
 */
export async function repairStep(step: RepairStep, world: RepairWorld): Promise<readonly string[]> {
  const repair = findPlugin(step.plugin.type)?.repair
  if (!repair) return []
  let restored: readonly string[] = []
  const { type } = step.plugin
  await callPlugin(
    pluginOf(type, repair, (what) => (restored = what)),
    { ...world, args: parameters(step.attachment), config: configuration(step) },
  )
  return restored
}

/** All versions have ADD, so that is what is called. */
function pluginOf(name: string, repair: Repair, done: (restored: readonly string[]) => void) {
  return {
    name,
    add: async (request: Parameters<Repair>[0]) => {
      done(await repair(request))
      return parsePrevResult(request.config) ?? { cniVersion: request.cniVersion }
    },
  }
}

function parameters({ containerId, netns, ifName, args = [] }: NetworkAttachment): PluginArgs {
  return { command: 'ADD', containerId, netns, ifName, args, path: dirname(process.execPath) }
}

function configuration({ list, plugin, attachment, prevResult }: RepairStep): JsonObject {
  const { capabilityArgs = {} } = attachment
  const enabled = Object.entries(capabilityArgs).filter(([name]) => plugin.capabilities[name] === true)
  return {
    ...plugin.json,
    name: list.name,
    cniVersion: list.cniVersion,
    ...(prevResult && { prevResult }),
    ...(enabled.length > 0 && { runtimeConfig: Object.fromEntries(enabled) }),
  }
}
