import { JsonError } from '@patchbay/cni/json'
import { parsePrevResult, type Request } from '@patchbay/cni/plugin'
import type { Result } from '@patchbay/cni/types'
import { messageOf } from './error-message.ts'

/**
 * The result of the plugins in front of a chained plugin, or of the ADD for a DEL; `undefined` when the configuration has no
 * `prevResult`. One that cannot be read is not known to DEL, which goes on without.
 *
 * @throws JsonError `could not parse prevResult: ...`
 */
export function chainedResult(request: Request): Result | undefined {
  try {
    return parsePrevResult(request.config)
  } catch (error) {
    if (request.command === 'DEL') return undefined
    throw new JsonError(`could not parse prevResult: ${messageOf(error)}`, { cause: error })
  }
}
