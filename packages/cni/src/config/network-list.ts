import { formatJson, type JsonObject, quote } from '../json/index.ts'
import { configError } from './config-error.ts'
import { goType, parseObject } from './go-type.ts'
import { listError, listVersion } from './list-version.ts'
import { type PluginConfig, pluginConfFromBytes } from './plugin-config.ts'

/** The configuration of a network: the plugins that an attachment goes through, in ADD order. */
export interface NetworkList {
  /** Not checked before an ADD. */
  readonly name: string
  /** The version to speak with every plugin; empty when the list has none, which means 0.1.0. */
  readonly cniVersion: string
  /** CHECK does nothing, with success. */
  readonly disableCheck: boolean
  /** GC does nothing, with success; not even the implied DELs. */
  readonly disableGC: boolean
  /** No plugins are added from the folder named after the network. */
  readonly loadOnlyInlinedPlugins: boolean
  readonly plugins: readonly PluginConfig[]
  /** The text it was parsed from, which is what the cache keeps. */
  readonly bytes: string
}

/**
 * Parses a network configuration list. Its own keys are matched exactly, case included. A list without the key
 * `plugins` has none. Throws JsonError that says which key is wrong.
 */
export function networkListFromBytes(bytes: string): NetworkList {
  const json = parseList(bytes)
  const list = {
    name: listName(json),
    cniVersion: listVersion(json),
    disableCheck: listFlag(json, 'disableCheck'),
    disableGC: listFlag(json, 'disableGC'),
    loadOnlyInlinedPlugins: listFlag(json, 'loadOnlyInlinedPlugins'),
  }
  return { ...list, plugins: listPlugins(json, list.loadOnlyInlinedPlugins), bytes }
}

/** Returns a list of the one plugin `conf`, with its name and version. */
export function listFromPluginConf(conf: PluginConfig): NetworkList {
  const { name = '', cniVersion = '', json } = conf
  return networkListFromBytes(formatJson({ cniVersion, name, plugins: [json] }, { sortKeys: true }))
}

function parseList(bytes: string): JsonObject {
  try {
    return parseObject(bytes)
  } catch (error) {
    throw configError('error parsing configuration list', error)
  }
}

function listName(json: JsonObject): string {
  if (!Object.hasOwn(json, 'name')) throw listError('no name')
  const name = json['name'] ?? null
  if (typeof name !== 'string') throw listError(`invalid name type ${goType(name)}`)
  return name
}

function listFlag(json: JsonObject, key: string): boolean {
  if (!Object.hasOwn(json, key)) return false
  const value = json[key] ?? null
  if (typeof value === 'boolean') return value
  if (typeof value !== 'string') throw listError(`invalid type ${goType(value)} for ${key}`)
  const word = value.toLowerCase()
  if (word === 'true' || word === 'false') return word === 'true'
  throw listError(`invalid value ${quote(word)} for ${key}`)
}

function listPlugins(json: JsonObject, onlyInlined: boolean): PluginConfig[] {
  if (!Object.hasOwn(json, 'plugins')) {
    if (onlyInlined) throw listError(`\`loadOnlyInlinedPlugins\` is true, and no 'plugins' key`)
    return []
  }
  const plugins = json['plugins'] ?? null
  if (!Array.isArray(plugins)) throw listError(`invalid 'plugins' type ${goType(plugins)}`)
  if (plugins.length === 0) throw listError('no plugins in list')
  return plugins.map((plugin, index) => {
    try {
      return pluginConfFromBytes(formatJson(plugin, { sortKeys: true }))
    } catch (error) {
      throw configError(`failed to parse plugin config ${index}`, error)
    }
  })
}
