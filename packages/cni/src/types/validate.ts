import { CniError } from './error.ts'

/** Of container ids and network names (CNI 1.1 §"Section 1", §"Section 2"). */
const identifier = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/

/** Length of the kernel's interface names in bytes, without the closing zero: <linux/if.h> `IFNAMSIZ`. */
const maxInterfaceNameBytes = 15

/** Names of interfaces that nothing is wrong with; nearly all are such. */
const usualInterfaceName = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,14}$/

/**
 * Checks a container id: letters, digits, `_`, `.`, `-`, of which the first is a letter or digit.
 *
 * @throws {CniError} 3 for an empty one, 4 for any other
 */
export function validateContainerId(id: string): void {
  if (id === '') throw new CniError('unknownContainer', 'missing containerID')
  if (!identifier.test(id)) {
    throw new CniError('invalidEnvironmentVariables', 'invalid characters in containerID', { details: id })
  }
}

/**
 * Checks a network's name: letters, digits, `_`, `.`, `-`, of which the first is a letter or digit.
 *
 * @throws {CniError} 7
 */
export function validateNetworkName(name: string): void {
  if (name === '') throw new CniError('invalidNetworkConfig', 'missing network name:')
  if (!identifier.test(name)) {
    throw new CniError('invalidNetworkConfig', 'invalid characters found in network name', { details: name })
  }
}

/**
 * Checks an interface's name as the kernel does: 1 to 15 bytes, not `.` or `..`, no `/`, `:` or white space.
 *
 * @throws {CniError} 4
 */
export function validateInterfaceName(name: string): void {
  if (usualInterfaceName.test(name)) return
  const [reason, details] = interfaceNameFault(name)
  if (reason !== '') throw new CniError('invalidEnvironmentVariables', `interface name ${reason}`, { details })
}

function interfaceNameFault(name: string): [reason: string, details: string] {
  if (name === '') return ['is empty', '']
  if (Buffer.byteLength(name) > maxInterfaceNameBytes) {
    return ['is too long', `interface name should be less than ${maxInterfaceNameBytes + 1} characters`]
  }
  if (name === '.' || name === '..') return ['is . or ..', '']
  if (/[/:\p{White_Space}]/u.test(name)) return ['contains / or : or whitespace characters', '']
  return ['', '']
}
