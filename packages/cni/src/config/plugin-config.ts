import { formatJson, type JsonObject, type JsonValue } from '../json/index.ts'
import { type NetConf, netConf } from '../types/index.ts'
import { configError } from './config-error.ts'
import { parseObject } from './go-type.ts'

/** The configuration of one plugin: its header decoded, all of it as JSON and as text. */
export interface PluginConfig extends Readonly<Omit<NetConf, 'type' | 'capabilities'>> {
  /** Name of the executable; never empty. */
  readonly type: string
  /** Which capabilities the plugin takes from `runtimeConfig`. */
  readonly capabilities: Readonly<Record<string, boolean>>
  /** The whole object, the keys that Patchbay does not know included. */
  readonly json: Readonly<JsonObject>
  /** The text it was parsed from. */
  readonly bytes: string
}

/**
 * Parses the configuration of one plugin. Throws JsonError for text that is not JSON, a
 * header field of another type than it should have (CNI 1.1 §"Plugin configuration objects"), or no `type`.
 */
export function pluginConfFromBytes(bytes: string): PluginConfig {
  const { header, json } = parsePlugin(bytes)
  const { type, capabilities = {}, ...rest } = header
  if (!type) throw configError(`error parsing configuration: missing 'type'`)
  return { ...rest, type, capabilities, json, bytes }
}

function parsePlugin(bytes: string): { header: NetConf; json: JsonObject } {
  try {
    const json = parseObject(bytes)
    return { header: netConf.decode(json), json }
  } catch (error) {
    throw configError('error parsing configuration', error)
  }
}

/**
 * Returns a configuration with some top-level keys set, its text rewritten: compact, keys sorted. Throws TypeError
 * for an empty key or a `null` value, and like {@link pluginConfFromBytes} when the outcome is no configuration.
 */
export function injectConf(original: PluginConfig, values: Readonly<Record<string, JsonValue>>): PluginConfig {
  return pluginConfFromBytes(formatJson(injectJson(original.json, values), { sortKeys: true }))
}

function injectJson(json: Readonly<JsonObject>, values: Readonly<Record<string, JsonValue>>): JsonObject {
  for (const [key, value] of Object.entries(values)) {
    if (key === '') throw new TypeError('keys cannot be empty')
    if (value === null || value === undefined) throw new TypeError(`key '${key}' value must not be nil`)
  }
  return { ...json, ...values }
}
