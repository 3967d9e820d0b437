import { dirname, join } from 'node:path'
import { validateNetworkName } from '../types/index.ts'
import { configError, NoConfigsFoundError, NotFoundError } from './config-error.ts'
import { configFiles, readConfigFile } from './config-files.ts'
import { wrapError } from './error-text.ts'
import { parseObject } from './go-type.ts'
import { listFromPluginConf, type NetworkList, networkListFromBytes } from './network-list.ts'
import { type PluginConfig, pluginConfFromBytes } from './plugin-config.ts'

export interface LoadOptions {
  /**
   * Gets the error of each file that comes before the wanted network's and cannot be loaded; such a file is passed over.
   * Without it, the first one makes the call reject, as in libcni.
   */
  onUnreadable?: ((error: Error) => void) | undefined
}

/**
 * Reads a network list from a file, and appends the plugins in the `.conf` files, sorted by name, of the folder
 * beside it that is named after the network, unless the list says `loadOnlyInlinedPlugins`. A network whose
 * name is not valid has no such folder. Rejects with JsonError for a file that is no configuration, with Error
 * for one that cannot be read and for a list without any plugin; all of them name the file.
 */
export async function networkListFromFile(path: string): Promise<NetworkList> {
  const list = await parseFile(path, networkListFromBytes)
  const added = list.loadOnlyInlinedPlugins ? [] : await folderPlugins(dirname(path), list.name)
  const plugins = [...list.plugins, ...added]
  if (plugins.length === 0) throw new Error(`Cannot load "${path}": no plugin configs found`)
  return { ...list, plugins }
}

/** Reads the configuration of one plugin from a file; rejects as {@link networkListFromFile} does. */
export async function pluginConfFromFile(path: string): Promise<PluginConfig> {
  return parseFile(path, pluginConfFromBytes)
}

/**
 * Returns the network called `name` from a directory of configurations: the first among the `.conflist` files,
 * sorted by name; without one, the first among the `.conf` and `.json` files, each a single plugin (CNI before 1.0).
 *
 * Rejects with NoConfigsFoundError when the directory has no configuration, with NotFoundError when it has none of
 * that name, and with the error of the first file that cannot be loaded, even if it is another network's. With
 * `onUnreadable`, only a file that has the wanted name makes it reject so.
 */
export async function loadNetworkList(
  directory: string,
  name: string,
  { onUnreadable }: LoadOptions = {},
): Promise<NetworkList> {
  const unreadable: Error[] = []
  const failed = async (path: string, error: Error) => {
    if (onUnreadable === undefined || (await isNamed(path, name))) throw error
    unreadable.push(error)
    onUnreadable(error)
  }
  const lists = await configFiles(directory, ['.conflist'])
  const list = await firstNamed(name, lists, networkListFromFile, failed)
  if (list) return list
  const singles = await configFiles(directory, ['.conf', '.json'])
  const conf = await firstNamed(name, singles, pluginConfFromFile, failed)
  if (conf) return listFromPluginConf(conf)
  if (lists.length + singles.length === 0) throw new NoConfigsFoundError(directory)
  throw new NotFoundError(directory, name, unreadable)
}

async function firstNamed<C extends { readonly name?: string | undefined }>(
  name: string,
  paths: readonly string[],
  load: (path: string) => Promise<C>,
  failed: (path: string, error: Error) => Promise<void>,
): Promise<C | undefined> {
  for (const path of paths) {
    const conf = await load(path).catch((error: Error) => failed(path, error))
    if (conf && (conf.name ?? '') === name) return conf
  }
  return undefined
}

/** Whether a file that is no configuration is meant to be that of a network. */
async function isNamed(path: string, network: string): Promise<boolean> {
  try {
    return parseObject(await readConfigFile(path))['name'] === network
  } catch {
    return false
  }
}

async function parseFile<T>(path: string, parse: (text: string) => T): Promise<T> {
  const text = await readConfigFile(path)
  try {
    return parse(text)
  } catch (error) {
    throw configError(`Cannot load "${path}"`, error)
  }
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
