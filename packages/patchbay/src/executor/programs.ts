import type { Plugin } from '@patchbay/cni/plugin'
import { findPlugin, plugins } from '@patchbay/plugins'

/** The names that the plugins of this program answer to. */
export const pluginNames: readonly string[] = plugins.flatMap(({ names }) => names).sort()

const loaded = new Map<string, Plugin>()

/** Loads the plugin of a name, once; `undefined` when no plugin has it. */
export async function loadPlugin(name: string): Promise<Plugin | undefined> {
  const plugin = loaded.get(name) ?? (await findPlugin(name)?.load(name))
  if (plugin) loaded.set(name, plugin)
  return plugin
}

/** The plugin of a name, if it has been loaded. */
export function loadedPlugin(name: string): Plugin | undefined {
  return loaded.get(name)
}

/** Whether one of our plugins has that name. */
export function isPluginName(name: string): boolean {
  return findPlugin(name) !== undefined
}

/** The tools beside the plugins, by the names they are run by. */
export const toolNames = ['cnitool', 'patchbay'] as const
