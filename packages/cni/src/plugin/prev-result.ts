import { JsonError, type JsonObject, object } from '../json/index.ts'
import { netConf, parseResult, type Result } from '../types/index.ts'

const { cniVersion, prevResult } = netConf.table
const chained = object('types.PluginConf', { cniVersion, prevResult })

/**
 * Returns the result of the plugins before this one, in the newest shape; `undefined` when the configuration has
 * none. One that says no version is in the configuration's; one that does must be of the configuration's shape.
 *
 * @throws {JsonError} `could not parse prevResult: result type supports [1.0.0 1.1.0] but unmarshalled CNIVersion is
 *   "0.4.0"`, and the like
 */
export function parsePrevResult(config: JsonObject): Result | undefined {
  const { prevResult, cniVersion: version = '' } = chained.decode(config)
  if (prevResult === undefined) return undefined
  try {
    return parseResult(isVersioned(prevResult) ? prevResult : { ...prevResult, cniVersion: version }, { version })
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new JsonError(`could not parse prevResult: ${reason}`, { cause: error })
  }
}

function isVersioned(result: JsonObject): boolean {
  if (typeof result['cniVersion'] === 'string' && result['cniVersion'] !== '') return true
  return Object.entries(result).some(
    ([key, value]) => key.toLowerCase() === 'cniversion' && value !== '' && value !== null,
  )
}
