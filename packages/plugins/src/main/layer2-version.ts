import { CniError, isAtLeast } from '@patchbay/cni/types'

/**
 * Checks that a result without addresses can be told in the version of a configuration: before 0.3.0 there is nothing else in
 * a result.
 *
 * @throws {CniError} 999 `cannot convert: no valid IP addresses`, as the reference says when all is done
 */
export function checkLayer2Version(cniVersion: string): void {
  if (isAtLeast(cniVersion, '0.3.0')) return
  const details = `a result of version ${cniVersion} is nothing but addresses: set "ipam", or "cniVersion" 0.3.0 or above`
  throw new CniError('internal', 'cannot convert: no valid IP addresses', { details })
}
