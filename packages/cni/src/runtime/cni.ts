import type { NetworkList, PluginConfig } from '../config/index.ts'
import { type Environment, type Executor, getVersionInfo, processExecutor, type VersionInfo } from '../exec/index.ts'
import { parseResult, type Result } from '../types/index.ts'
import { addList, addSingle, cacheKey, checkList, checkSingle, delList, delSingle, networkOf } from './attachment.ts'
import { defaultCacheDir } from './cache.ts'
import { cachedConfig, cachedResult } from './cached-result.ts'
import {
  collectGarbage,
  enabledCapabilities,
  type GcArgs,
  status,
  validateList,
  validatePlugin,
} from './maintenance.ts'
import { cachedAttachments, type NetworkAttachment } from './network-attachment.ts'
import type { Network } from './plugin-step.ts'
import type { CallOptions, RuntimeConf, RuntimeWorld } from './runtime-conf.ts'

export interface CniOptions {
  /** Directories in which plugins are looked up, in this order; plugins get them as `CNI_PATH`. */
  path: readonly string[]
  /** Where attachments are remembered, in the folder `results`; `/var/lib/cni` by default. */
  cacheDir?: string | undefined
  /** How plugins are run: as processes, by default. */
  executor?: Executor | undefined
  /** Environment of the plugins, beside the protocol's variables; this process's own by default. */
  env?: Environment | undefined
}

/** The configuration that an attachment was made with, and the arguments. */
export interface CachedConfig {
  bytes: string
  runtimeConf: RuntimeConf
}

/**
 * A container runtime's side of CNI (CNI 1.1 §"Section 3: Execution of Network Configurations").
 *
 * What the specification asks of the runtime stays the caller's business: it creates the namespace, follows every
 * ADD, even a failed one, with a DEL, and runs no two operations on one container at a time, and no GC of a network
 * beside its other operations. Nothing here locks. Operations on different containers may overlap.
 *
 * Every method rejects with the reason of an aborted `signal`. A plugin's failure is a CniError with the plugin's code, and
 * a plugin that is nowhere is a PluginNotFoundError. From the methods for lists its message says which plugin failed, and its
 * `cause` is the error as the plugin gave it.
 */
export class Cni {
  readonly #world: RuntimeWorld

  constructor({ path, cacheDir, executor = processExecutor(), env }: CniOptions) {
    this.#world = { path, cacheDir, executor, env }
  }

  /**
   * Attaches a container to a network: runs ADD for every plugin, in order, to the first that fails, and returns the
   * last one's result. It is remembered in the cache; when only that fails, the call rejects although the network is
   * set up. Nothing is undone on failure: that is what DEL is for.
   */
  async addNetworkList(list: NetworkList, rt: RuntimeConf, options: CallOptions = {}): Promise<Result> {
    return addList(this.#world, list, rt, options)
  }

  /**
   * Checks an attachment: runs CHECK for every plugin, in order, to the first that fails. Rejects for a list before
   * 0.4.0, which has no CHECK; does nothing for one with `disableCheck`.
   */
  async checkNetworkList(list: NetworkList, rt: RuntimeConf, options: CallOptions = {}): Promise<void> {
    return checkList(this.#world, list, rt, options)
  }

  /**
   * Detaches a container from a network: runs DEL for every plugin, the last first, and removes the attachment from
   * the cache. A plugin that fails does not keep the others from running: the call rejects afterwards with the first
   * failure, or with an AggregateError whose message is the first failure's, and the attachment stays in the cache,
   * to be deleted again. A cache file that is missing, torn or not to be decoded is no failure.
   */
  async delNetworkList(list: NetworkList, rt: RuntimeConf, options: CallOptions = {}): Promise<void> {
    return delList(this.#world, list, rt, options)
  }

  /** Like {@link addNetworkList}, for one plugin used without a list. */
  async addNetwork(plugin: PluginConfig, rt: RuntimeConf, options: CallOptions = {}): Promise<Result> {
    return addSingle(this.#world, plugin, rt, options)
  }

  /** Like {@link checkNetworkList}, for one plugin used without a list. */
  async checkNetwork(plugin: PluginConfig, rt: RuntimeConf, options: CallOptions = {}): Promise<void> {
    return checkSingle(this.#world, plugin, rt, options)
  }

  /** Like {@link delNetworkList}, for one plugin used without a list. */
  async delNetwork(plugin: PluginConfig, rt: RuntimeConf, options: CallOptions = {}): Promise<void> {
    return delSingle(this.#world, plugin, rt, options)
  }

  /**
   * Returns what {@link addNetworkList} returned for an attachment, in the version of the list; `undefined` when the
   * cache does not know it. Rejects when what it knows cannot be decoded.
   */
  async getNetworkListCachedResult(list: NetworkList, rt: RuntimeConf): Promise<Result | undefined> {
    return this.#cachedResult(list, rt)
  }

  /** Like {@link getNetworkListCachedResult}, for one plugin used without a list. */
  async getNetworkCachedResult(plugin: PluginConfig, rt: RuntimeConf): Promise<Result | undefined> {
    return this.#cachedResult(networkOf(plugin), rt)
  }

  /**
   * Returns the text of the configuration that an attachment was made with, and `rt` with the arguments it was made
   * with; `undefined` when the cache does not know it. Rejects when its cache file is not valid.
   */
  async getNetworkListCachedConfig(list: NetworkList, rt: RuntimeConf): Promise<CachedConfig | undefined> {
    return cachedConfig(cacheKey(this.#world, list.name, rt))
  }

  /** Like {@link getNetworkListCachedConfig}, for one plugin used without a list. */
  async getNetworkCachedConfig(plugin: PluginConfig, rt: RuntimeConf): Promise<CachedConfig | undefined> {
    return cachedConfig(cacheKey(this.#world, plugin.name ?? '', rt))
  }

  /**
   * Returns the attachments in the cache, of all networks; only those of one container when its id is given. Files
   * that are no cache entries are passed over. Rejects when the directory exists but cannot be read.
   */
  async getCachedAttachments(
    containerId = '',
    options: Pick<CallOptions, 'signal'> = {},
  ): Promise<NetworkAttachment[]> {
    return cachedAttachments(this.#world.cacheDir || defaultCacheDir, containerId, options)
  }

  /**
   * Returns the capabilities that a list enables, each once, after asking every plugin for its versions. Rejects
   * with an AggregateError of all plugins that are not found or do not support the list's version.
   */
  async validateNetworkList(list: NetworkList, options: CallOptions = {}): Promise<string[]> {
    return validateList(this.#world, list, options)
  }

  /** Like {@link validateNetworkList}, for one plugin used without a list; rejects with what is wrong. */
  async validateNetwork(plugin: PluginConfig, options: CallOptions = {}): Promise<string[]> {
    await validatePlugin(this.#world, plugin, plugin.cniVersion ?? '', options)
    return enabledCapabilities(plugin)
  }

  /**
   * Deletes the attachments to a network that are in the cache but not among `args.validAttachments` (all, when
   * there are no `args`), then, from version 1.1.0, runs GC for every plugin. Does nothing for a list with
   * `disableGC`. Rejects with an AggregateError of all that failed, or when the cache directory cannot be read.
   */
  async gcNetworkList(list: NetworkList, args?: GcArgs, options: CallOptions = {}): Promise<void> {
    return collectGarbage(this.#world, list, args, options)
  }

  /**
   * Asks every plugin, in order, whether it is ready for ADD; rejects with a CniError for the first that is not (code
   * 50 or 51). Before version 1.1.0 plugins cannot be asked: then it resolves.
   */
  async getStatusNetworkList(list: NetworkList, options: CallOptions = {}): Promise<void> {
    return status(this.#world, list, options)
  }

  /** Returns which versions the plugin `type` supports. */
  async getVersionInfo(type: string, options: CallOptions = {}): Promise<VersionInfo> {
    const { executor, path, env } = this.#world
    return getVersionInfo(await executor.find(type, path), executor, { env, ...options })
  }

  #cachedResult(network: Network, rt: RuntimeConf): Result | undefined {
    const json = cachedResult(cacheKey(this.#world, network.name, rt), network.cniVersion)
    return json && parseResult(json)
  }
}
