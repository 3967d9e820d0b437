import { isJsonObject, type JsonObject, object, orZero, parseJson, string } from '../json/index.ts'
import { CniError, decodeVersion, type ErrorName, validateNetworkName } from '../types/index.ts'
import type { PluginWorld } from './world.ts'

/** The configuration of a call, as far as it concerns every plugin. */
export interface CallConfig {
  readonly stdin: string
  readonly config: JsonObject
  /** The network's name, validated. */
  readonly name: string
}

const nameOnly = object('struct { Name string "json:\\"name\\"" }', { name: orZero(string) })

/**
 * Reads a configuration and checks the network's name.
 *
 * @throws {CniError} 5 when it cannot be read, 6 when it cannot be decoded, 7 for the name
 */
export async function readConfig(world: Pick<PluginWorld, 'readStdin'>): Promise<CallConfig> {
  const stdin = await readStdin(world)
  const { config, name } = decodeConfig(stdin)
  if (name === '') throw new CniError('invalidNetworkConfig', 'missing network name')
  validateNetworkName(name)
  return { stdin, config, name }
}

async function readStdin(world: Pick<PluginWorld, 'readStdin'>): Promise<string> {
  try {
    return await world.readStdin()
  } catch (error) {
    throw coded('ioFailure', 'error reading from stdin: ', error)
  }
}

/** Returns the version that a configuration is written in, 0.1.0 by default. Throws CniError 6 when it is no text. */
export function configVersion(config: JsonObject): string {
  try {
    return decodeVersion(config)
  } catch (error) {
    throw coded('decodingFailure', '', error)
  }
}

function decodeConfig(stdin: string): Omit<CallConfig, 'stdin'> {
  try {
    const json = parseJson(stdin, { outOfRange: 'infinite' })
    return { config: isJsonObject(json) ? json : {}, name: nameOnly.decode(json).name }
  } catch (error) {
    throw coded('decodingFailure', 'error unmarshall network config: ', error)
  }
}

function coded(code: ErrorName, doing: string, error: unknown): CniError {
  return new CniError(code, doing + (error instanceof Error ? error.message : String(error)), { cause: error })
}
