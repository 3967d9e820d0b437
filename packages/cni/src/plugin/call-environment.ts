import type { Environment } from '../exec/index.ts'
import { CniError, validateContainerId, validateInterfaceName } from '../types/index.ts'

/** What a variable is to the protocol. */
interface Variable {
  readonly name: string
  /** The commands that cannot do without it. */
  readonly requiredBy: readonly string[]
  /** Checks the value, for those commands only. */
  readonly validate?: (value: string) => void
}

const forAttachments = ['ADD', 'CHECK', 'DEL']

/** The variables (CNI 1.1 §"Section 2"), in the order in which they are checked and missed. */
const variables: readonly Variable[] = [
  { name: 'CNI_CONTAINERID', requiredBy: forAttachments, validate: validateContainerId },
  { name: 'CNI_NETNS', requiredBy: ['ADD', 'CHECK'] },
  { name: 'CNI_IFNAME', requiredBy: forAttachments, validate: validateInterfaceName },
  { name: 'CNI_PATH', requiredBy: [...forAttachments, 'GC', 'STATUS'] },
]

/**
 * Checks that a command has its variables. One that is there but wrong is reported before any that are missing.
 *
 * @throws {CniError} 4 `required env variables [CNI_NETNS,CNI_PATH] missing`, or what the validation says
 */
export function checkEnvironment(command: string, env: Environment): void {
  const required = variables.filter(({ requiredBy }) => requiredBy.includes(command))
  for (const { name, validate } of required) if (env[name]) validate?.(env[name])
  const missing = required.filter(({ name }) => !env[name]).map(({ name }) => name)
  if (missing.length === 0) return
  throw new CniError('invalidEnvironmentVariables', `required env variables [${missing.join(',')}] missing`)
}
