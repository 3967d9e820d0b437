import { dirname, join } from 'node:path'
import { validateNetworkName } from '../types/index.ts'
import { NoConfigsFoundError, NotFoundError } from './config-error.ts'
import { configFiles, readConfigFile } from './config-files.ts'
import { wrapError } from './error-text.ts'
import { listFromPluginConf, type NetworkList, networkListFromBytes } from './network-list.ts'
import { type PluginConfig, pluginConfFromBytes } from './plugin-config.ts'

/**
 * Reads a network list from a file, and appends the plugins in the `.conf` files, sorted by name, of the folder
 * beside it that is named after the network, unless the list says `loadOnlyInlinedPlugins`. A network whose
 * name is not valid has no such folder. Rejects with SyntaxError for a file that is no configuration, with Error
 * for one that cannot be read and for a list without any plugin.
 */
export async function networkListFromFile(path: string): Promise<NetworkList> {
  const list = networkListFromBytes(await readConfigFile(path))
  const added = list.loadOnlyInlinedPlugins ? [] : await folderPlugins(dirname(path), list.name)
  const plugins = [...list.plugins, ...added]
  if (plugins.length === 0) throw new Error('no plugin configs found')
  return { ...list, plugins }
}

/** Reads the configuration of one plugin from a file; rejects as {@link networkListFromFile} does. */
export async function pluginConfFromFile(path: string): Promise<PluginConfig> {
  return pluginConfFromBytes(await readConfigFile(path))
}

/**
 * Returns the network called `name` from a directory of configurations: the first among the `.conflist` files,
 * sorted by name; without one, the first among the `.conf` and `.json` files, each a single plugin (CNI before 1.0).
 *
 * Rejects with NoConfigsFoundError when the directory has no configuration, with NotFoundError when it has none of
 * that name, and with the error of the first file that is no configuration, even if it is another network's.
 */
export async function loadNetworkList(directory: string, name: string): Promise<NetworkList> {
  const lists = await configFiles(directory, ['.conflist'])
  for (const path of lists) {
    const list = await networkListFromFile(path)
    if (list.name === name) return list
  }
  const singles = await configFiles(directory, ['.conf', '.json'])
  for (const path of singles) {
    const conf = await pluginConfFromFile(path)
    if ((conf.name ?? '') === name) return listFromPluginConf(conf)
  }
  throw lists.length + singles.length === 0 ? new NoConfigsFoundError(directory) : new NotFoundError(directory, name)
}

async function folderPlugins(directory: string, network: string): Promise<PluginConfig[]> {
  if (!isValidName(network)) return []
  const folder = join(directory, network)
  const plugins: PluginConfig[] = []
  for (const path of await folderFiles(folder)) plugins.push(await pluginConfFromFile(path))
  return plugins
}

async function folderFiles(folder: string): Promise<string[]> {
  try {
    return await configFiles(folder, ['.conf'])
  } catch (error) {
    throw wrapError(`failed to read plugin config files in ${folder}`, error)
  }
}

function isValidName(network: string): boolean {
  try {
    validateNetworkName(network)
    return true
  } catch {
    return false
  }
}
