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
 * Checks the name of an interface that is to be made or looked at: the kernel must take it, and leave it as it is. That is 1
 * to 15 bytes, not `.`, `..`, `all` or `default`, and no `/`, `:`, `%` or white space.
 *
 * @throws {CniError} 4
 */
export function validateInterfaceName(name: string): void {
  if (usualInterfaceName.test(name) && !isSysctlGroup(name)) return
  refuse(nameFault(name) ?? kernelFault(name))
}

/**
 * Checks the name of an interface that is to be deleted, by the reference's rules alone. No interface can have some of the
 * names that pass, so there is nothing to delete under them; the DEL still has to release what else there is.
 *
 * @throws {CniError} 4
 */
export function validateDeletedInterfaceName(name: string): void {
  refuse(nameFault(name))
}

/** What is wrong with a name. */
type Fault = readonly [reason: string, details: string]

function refuse(fault: Fault | undefined): void {
  if (fault === undefined) return
  const [reason, details] = fault
  throw new CniError('invalidEnvironmentVariables', `interface name ${reason}`, { details })
}

/** What the reference finds wrong with a name. */
function nameFault(name: string): Fault | undefined {
  if (name === '') return ['is empty', '']
  if (Buffer.byteLength(name) > maxInterfaceNameBytes) {
    return ['is too long', `interface name should be less than ${maxInterfaceNameBytes + 1} characters`]
  }
  if (name === '.' || name === '..') return ['is . or ..', '']
  return /[/:\p{White_Space}]/u.test(name) ? spaceFault : undefined
}

const spaceFault: Fault = ['contains / or : or whitespace characters', '']

/** The byte that is white space to the kernel beside those of ASCII: the no-break space of Latin-1. */
const latin1Space = 0xa0

/** What the kernel finds wrong with a name that the reference accepts: `dev_valid_name()` and what follows it. */
function kernelFault(name: string): Fault | undefined {
  if (name.includes('%')) return ['contains %', 'the kernel would take it for a template and choose another name']
  if (isSysctlGroup(name)) return ['is all or default', 'in sysctl names these mean all interfaces']
  if (name.includes('\0') || !name.isWellFormed()) return ['contains a character that the kernel cannot keep', '']
  const { [0]: reason } = spaceFault
  const details = 'one of its UTF-8 bytes is 0xa0, which the kernel takes for a space'
  return Buffer.from(name).includes(latin1Space) ? [reason, details] : undefined
}

function isSysctlGroup(name: string): boolean {
  return name === 'all' || name === 'default'
}
