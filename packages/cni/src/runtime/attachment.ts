import { wrapError } from '../config/error-text.ts'
import type { NetworkList, PluginConfig } from '../config/index.ts'
import { type JsonObject, quote } from '../json/index.ts'
import { isAtLeast, parseResult, type Result } from '../types/index.ts'
import { type CacheKey, defaultCacheDir, removeCache, writeCache } from './cache.ts'
import { cachedResult } from './cached-result.ts'
import { addPlugin, type Network, type PluginStep, runPlugin, stepError } from './plugin-step.ts'
import type { CallOptions, RuntimeConf, RuntimeWorld } from './runtime-conf.ts'

/** Which file of the cache belongs to an attachment. */
export function cacheKey(world: RuntimeWorld, network: string, rt: RuntimeConf): CacheKey {
  return { directory: world.cacheDir || rt.cacheDir || defaultCacheDir, network, rt }
}

/** The name and version of a plugin that is used without a list. */
export function networkOf({ name = '', cniVersion = '' }: PluginConfig): Network {
  return { name, cniVersion }
}

export async function addList(
  world: RuntimeWorld,
  list: NetworkList,
  rt: RuntimeConf,
  options: CallOptions,
): Promise<Result> {
  let prevResult: JsonObject | undefined
  for (const plugin of list.plugins) {
    options.signal?.throwIfAborted()
    try {
      const step = { network: list, plugin, rt, inject: prevResultKey(prevResult) }
      prevResult = await addPlugin(world, step, options)
    } catch (error) {
      throw stepError(plugin, 'add', error, options)
    }
  }
  if (prevResult === undefined) throw new Error('no plugin configs found')
  await remember(cacheKey(world, list.name, rt), list.bytes, prevResult)
  return parseResult(prevResult)
}

export async function addSingle(
  world: RuntimeWorld,
  plugin: PluginConfig,
  rt: RuntimeConf,
  options: CallOptions,
): Promise<Result> {
  options.signal?.throwIfAborted()
  const network = networkOf(plugin)
  const result = await addPlugin(world, { network, plugin, rt }, options)
  await remember(cacheKey(world, network.name, rt), plugin.bytes, result)
  return parseResult(result)
}

/** Runs CHECK for the plugins of a list, in order, to the first that fails. */
export async function checkList(
  world: RuntimeWorld,
  list: NetworkList,
  rt: RuntimeConf,
  options: CallOptions,
): Promise<void> {
  refuseWithoutCheck(list)
  if (list.disableCheck) return
  const inject = checkInput(world, list, rt)
  for (const plugin of list.plugins) {
    options.signal?.throwIfAborted()
    try {
      await runPlugin(world, 'CHECK', { network: list, plugin, rt, inject }, options)
    } catch (error) {
      throw stepError(plugin, 'check', error, options)
    }
  }
}

/** Runs CHECK for one plugin that is used without a list. */
export async function checkSingle(
  world: RuntimeWorld,
  plugin: PluginConfig,
  rt: RuntimeConf,
  options: CallOptions,
): Promise<void> {
  const network = networkOf(plugin)
  refuseWithoutCheck(network)
  const inject = checkInput(world, network, rt)
  options.signal?.throwIfAborted()
  await runPlugin(world, 'CHECK', { network, plugin, rt, inject }, options)
}

/** Runs DEL for one plugin that is used without a list, then forgets the attachment. */
export async function delSingle(
  world: RuntimeWorld,
  plugin: PluginConfig,
  rt: RuntimeConf,
  options: CallOptions,
): Promise<void> {
  options.signal?.throwIfAborted()
  const network = networkOf(plugin)
  const key = cacheKey(world, network.name, rt)
  await runPlugin(world, 'DEL', { network, plugin, rt, inject: delInput(key, network) }, options)
  removeCache(key)
}

/**
 * Runs DEL for every plugin of a list, the last first, whether or not others fail; then forgets the attachment. When
 * some fail it is not forgotten, and the error is the first one's, an AggregateError of all when there are several.
 */
export async function delList(
  world: RuntimeWorld,
  list: NetworkList,
  rt: RuntimeConf,
  options: CallOptions,
): Promise<void> {
  const key = cacheKey(world, list.name, rt)
  const inject = delInput(key, list)
  const errors: Error[] = []
  for (const plugin of [...list.plugins].reverse()) {
    options.signal?.throwIfAborted()
    try {
      await runPlugin(world, 'DEL', { network: list, plugin, rt, inject }, options)
    } catch (error) {
      errors.push(stepError(plugin, 'delete', error, options))
    }
  }
  const [first, ...others] = errors
  if (first === undefined) return removeCache(key)
  throw others.length === 0 ? first : new AggregateError(errors, first.message, { cause: first.cause })
}

function refuseWithoutCheck({ cniVersion }: Network): void {
  if (isAtLeast(cniVersion, '0.4.0')) return
  throw new Error(`configuration version ${quote(cniVersion)} does not support the CHECK command`)
}

function checkInput(world: RuntimeWorld, network: Network, rt: RuntimeConf): PluginStep['inject'] {
  try {
    return prevResultKey(cachedResult(cacheKey(world, network.name, rt), network.cniVersion))
  } catch (error) {
    throw wrapError(`failed to get network ${quote(network.name)} cached result`, error)
  }
}

/** Nothing about the cache keeps DEL from running; a file that cannot be decoded is removed. */
function delInput(key: CacheKey, { cniVersion }: Network): PluginStep['inject'] {
  if (!isAtLeast(cniVersion, '0.4.0')) return {}
  try {
    return prevResultKey(cachedResult(key, cniVersion))
  } catch {
    removeCache(key)
    return {}
  }
}

function prevResultKey(prevResult: JsonObject | undefined): { prevResult?: JsonObject } {
  return prevResult ? { prevResult } : {}
}

async function remember(key: CacheKey, config: string, result: JsonObject): Promise<void> {
  try {
    await writeCache(key, config, result)
  } catch (error) {
    throw wrapError(`failed to set network ${quote(key.network)} cached result`, error)
  }
}
