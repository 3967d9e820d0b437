import { parsePrevResult, type Request } from '@patchbay/cni/plugin'
import type { Result } from '@patchbay/cni/types'
import { messageOf } from './error-message.ts'

/**
 * The result of the plugins in front of a chained plugin; `undefined` when the configuration has no `prevResult`.
 *
 * @throws SyntaxError `could not parse prevResult: ...`
 */
export function chainedResult(request: Request): Result | undefined {
  try {
    return parsePrevResult(request.config)
  } catch (error) {
    throw new SyntaxError(`could not parse prevResult: ${messageOf(error)}`, { cause: error })
  }
}
