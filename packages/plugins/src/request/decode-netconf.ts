import { type Codec, JsonError } from '@patchbay/cni/json'
import type { Request } from '@patchbay/cni/plugin'

/**
 * What a request's configuration says, by a plugin's table.
 *
 * @param failure with what its error begins
 * @throws JsonError `failed to load netconf: json: cannot unmarshal string into Go struct field NetConf.mtu of type int`
 */
export function decodeNetConf<T>(table: Codec<T>, request: Request, failure = 'failed to load netconf'): T {
  try {
    return table.decode(request.config)
  } catch (error) {
    if (!(error instanceof JsonError)) throw error
    throw new JsonError(`${failure}: ${error.message}`)
  }
}
