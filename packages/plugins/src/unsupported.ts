import { CniError } from '@patchbay/cni/types'

/**
 * Refuses a key that asks for what is not there yet: doing without it would leave a network that is not the one asked
 * for (CNI 1.1 §"Error", code 2).
 *
 * @throws CniError naming the key and its value
 */
export function refuseUnsupported(keys: Readonly<Record<string, boolean>>): void {
  for (const [key, asked] of Object.entries(keys))
    if (asked)
      throw new CniError('unsupportedField', `Cannot serve "${key}": true: this version has no firewall rules yet`)
}
