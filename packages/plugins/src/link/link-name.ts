import { CniError, validateInterfaceName } from '@patchbay/cni/types'
import { messageOf } from '../request/error-message.ts'

/**
 * Checks the name of a link that may be made: the kernel must take it, and leave it as it is.
 *
 * @param key of the configuration that the name is from
 * @throws {CniError} 7 `Cannot name a link "br%d" (key "bridge"): interface name contains %; ...`
 */
export function checkLinkName(key: string, name: string): void {
  try {
    validateInterfaceName(name)
  } catch (cause) {
    throw new CniError('invalidNetworkConfig', `Cannot name a link "${name}" (key "${key}"): ${messageOf(cause)}`, {
      cause,
    })
  }
}
