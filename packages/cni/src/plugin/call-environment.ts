import type { Environment } from '../exec/index.ts'
import { CniError, validateContainerId, validateDeletedInterfaceName, validateInterfaceName } from '../types/index.ts'

/** What a variable is to the protocol. */
interface Variable {
  readonly name: string
  /** Checks the value, for the commands that need it only. */
  readonly validate?: (value: string) => void
}

const containerId: Variable = { name: 'CNI_CONTAINERID', validate: validateContainerId }
const netns: Variable = { name: 'CNI_NETNS' }
const ifName: Variable = { name: 'CNI_IFNAME', validate: validateInterfaceName }
const deletedIfName: Variable = { ...ifName, validate: validateDeletedInterfaceName }
const path: Variable = { name: 'CNI_PATH' }

/** The variables that a command cannot do without (CNI 1.1 §"Section 2"), in the order in which they are missed. */
const variables: ReadonlyMap<string, readonly Variable[]> = new Map([
  ['ADD', [containerId, netns, ifName, path]],
  ['CHECK', [containerId, netns, ifName, path]],
  ['DEL', [containerId, deletedIfName, path]],
  ['GC', [path]],
  ['STATUS', [path]],
])

/**
 * Checks that a command has its variables. One that is there but wrong is reported before any that are missing.
 *
 * @throws {CniError} 4 `required env variables [CNI_NETNS,CNI_PATH] missing`, or what the validation says
 */
export function checkEnvironment(command: string, env: Environment): void {
  let missing = ''
  for (const { name, validate } of variables.get(command) ?? []) {
    const value = env[name]
    if (value) validate?.(value)
    else missing += missing === '' ? name : `,${name}`
  }
  if (missing === '') return
  throw new CniError('invalidEnvironmentVariables', `required env variables [${missing}] missing`)
}
