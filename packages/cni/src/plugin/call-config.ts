import { isJsonObject, type JsonObject, type JsonValue, object, orZero, parseJson, string } from '../json/index.ts'
import { CniError, decodeVersion, type ErrorName, validateNetworkName } from '../types/index.ts'
import type { PluginWorld } from './world.ts'

const nameOnly = object('struct { Name string "json:\\"name\\"" }', { name: orZero(string) })

/** Reads the text of a configuration. Throws CniError 5 when it cannot be read. */
export async function readConfig(world: Pick<PluginWorld, 'readStdin'>): Promise<string> {
  try {
    return await world.readStdin()
  } catch (error) {
    throw coded('ioFailure', 'error reading from stdin: ', error)
  }
}

/** Parses the text of a configuration. Throws CniError 6 when it is not JSON. */
export function parseConfig(stdin: string): JsonValue {
  return decoding(() => parseJson(stdin, { outOfRange: 'infinite', list: 'empty' }))
}

/**
 * Checks the network's name in a configuration.
 *
 * @returns the configuration, empty where it is no object, and the name
 * @throws {CniError} 6 when the name cannot be decoded, 7 when it is missing or not valid
 */
export function checkConfig(json: JsonValue): { config: JsonObject; name: string } {
  const { name } = decoding(() => nameOnly.decode(json))
  if (name === '') throw new CniError('invalidNetworkConfig', 'missing network name')
  validateNetworkName(name)
  return { config: isJsonObject(json) ? json : {}, name }
}

/** Returns the version that a configuration is written in, 0.1.0 by default. Throws CniError 6 when it is no text. */
export function configVersion(config: JsonObject): string {
  try {
    return decodeVersion(config)
  } catch (error) {
    throw coded('decodingFailure', '', error)
  }
}

function decoding<T>(decode: () => T): T {
  try {
    return decode()
  } catch (error) {
    throw coded('decodingFailure', 'error unmarshall network config: ', error)
  }
}

function coded(code: ErrorName, doing: string, error: unknown): CniError {
  return new CniError(code, doing + (error instanceof Error ? error.message : String(error)), { cause: error })
}
