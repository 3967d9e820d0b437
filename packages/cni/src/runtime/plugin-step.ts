import { wrapError } from '../config/error-text.ts'
import type { PluginConfig } from '../config/index.ts'
import { execWithoutResult, execWithResult, type PluginRun } from '../exec/index.ts'
import { compareBytes } from '../json/format.ts'
import { formatJson, type JsonObject, type JsonValue, quote } from '../json/index.ts'
import { validateContainerId, validateInterfaceName, validateNetworkName } from '../types/index.ts'
import type { CallOptions, RuntimeConf, RuntimeWorld } from './runtime-conf.ts'

/** What every plugin of a network is told: both replace what its own configuration says. */
export interface Network {
  readonly name: string
  readonly cniVersion: string
}

/** One command for one plugin of a network. */
export interface PluginStep {
  readonly network: Network
  readonly plugin: PluginConfig
  /** Absent for the commands that are about no attachment: GC and STATUS. */
  readonly rt?: RuntimeConf | undefined
  /** Further keys of the plugin's configuration. */
  readonly inject?: Readonly<Record<string, JsonValue>> | undefined
}

/**
 * Runs a plugin with ADD, on the names of an attachment that are valid, and returns the result on its wire form.
 * Rejects with CniError for a name that is not valid, with PluginNotFoundError, and as the executor
 * does.
 */
export async function addPlugin(world: RuntimeWorld, step: PluginStep & { rt: RuntimeConf }, options: CallOptions) {
  const path = await world.executor.find(step.plugin.type, world.path)
  validateContainerId(step.rt.containerId)
  validateNetworkName(step.network.name)
  validateInterfaceName(step.rt.ifName)
  return execWithResult(path, world.executor, pluginRun(world, 'ADD', step, options))
}

/** Runs a plugin with a command that has no result. */
export async function runPlugin(world: RuntimeWorld, command: string, step: PluginStep, options: CallOptions) {
  const path = await world.executor.find(step.plugin.type, world.path)
  await execWithoutResult(path, world.executor, pluginRun(world, command, step, options))
}

/**
 * Returns the error of a plugin of a list, which says what failed of which; throws the signal's reason, as it is, when that is
 * why.
 */
export function stepError(
  plugin: PluginConfig,
  verb: 'add' | 'check' | 'delete' | 'status',
  error: unknown,
  { signal }: CallOptions,
): Error {
  signal?.throwIfAborted()
  return wrapError(`plugin ${pluginDescription(plugin)} failed (${verb})`, error)
}

/** Names a plugin in an error: `type="bridge" name="mynet"`, the name only when its own object has one. */
function pluginDescription({ type, name }: PluginConfig): string {
  return name ? `type=${quote(type)} name=${quote(name)}` : `type=${quote(type)}`
}

function pluginRun(world: RuntimeWorld, command: string, step: PluginStep, options: CallOptions): PluginRun {
  const { containerId, netns, ifName, args } = step.rt ?? { containerId: '', netns: '', ifName: '' }
  return {
    stdin: pluginStdin(step),
    args: { command, containerId, netns, ifName, path: world.path, ...(args ? { args } : {}) },
    env: world.env,
    cniVersion: step.network.cniVersion,
    ...options,
  }
}

/**
 * Everything the plugin is told, as one compact object with sorted keys (CNI 1.1 §"Deriving execution
 * configuration"). As with the reference, an injected `prevResult` keeps the order of keys of its version unless
 * there is a `runtimeConfig`.
 */
function pluginStdin({ network, plugin, rt, inject }: PluginStep): string {
  const runtimeConfig = enabledArgs(plugin, rt?.capabilityArgs ?? {})
  const hasRuntimeConfig = Object.keys(runtimeConfig).length > 0
  const config: JsonObject = {
    ...plugin.json,
    name: network.name,
    cniVersion: network.cniVersion,
    ...inject,
    ...(hasRuntimeConfig ? { runtimeConfig } : {}),
  }
  const isSorted = (key: string) => hasRuntimeConfig || key !== 'prevResult' || inject?.[key] === undefined
  const members = Object.entries(config)
    .sort(([a], [b]) => compareBytes(a, b))
    .map(([key, value]) => `${formatJson(key)}:${formatJson(value, { sortKeys: isSorted(key) })}`)
  return `{${members.join(',')}}`
}

function enabledArgs(plugin: PluginConfig, capabilityArgs: Readonly<JsonObject>): JsonObject {
  const enabled = Object.entries(capabilityArgs).filter(
    ([capability]) => Object.hasOwn(plugin.capabilities, capability) && plugin.capabilities[capability] === true,
  )
  return Object.fromEntries(enabled)
}
