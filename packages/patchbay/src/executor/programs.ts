import type { Plugin } from '@patchbay/cni/plugin'
import { findPlugin, plugins } from '@patchbay/plugins'

/** The names that the plugins of this program answer to. */
export const pluginNames: readonly string[] = plugins.flatMap(({ names }) => names).sort()

/** Loads the plugin of a name; `undefined` when no plugin has it. */
export async function loadPlugin(name: string): Promise<Plugin | undefined> {
  return findPlugin(name)?.load(name)
}

/** Our plugins that have been loaded, for a program that calls them again and again. */
export class LoadedPlugins {
  readonly #loaded = new Map<string, Plugin>()

  /** The plugin of a name, if it has been loaded. */
  get(name: string): Plugin | undefined {
    return this.#loaded.get(name)
  }

  /** Loads the plugin of a name, once; `undefined` when no plugin has it. */
  async load(name: string): Promise<Plugin | undefined> {
    const plugin = this.get(name) ?? (await loadPlugin(name))
    if (plugin) this.#loaded.set(name, plugin)
    return plugin
  }

  async loadAll(): Promise<void> {
    await Promise.all(pluginNames.map((name) => this.load(name)))
  }
}

/** Whether one of our plugins has that name. */
export function isPluginName(name: string): boolean {
  return findPlugin(name) !== undefined
}

/** The tools beside the plugins, by the names they are run by. */
export const toolNames = ['cnitool', 'patchbay'] as const
