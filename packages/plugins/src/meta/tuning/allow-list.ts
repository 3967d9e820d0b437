import { readRegularFile } from '@patchbay/cni/config'
import { messageOf } from '../../request/error-message.ts'
import { hasCode } from '../../state/file-operation.ts'

/** Where an administrator lists which sysctls may be set, a regular expression a line. */
const FILE = '/etc/cni/tuning/allowlist.conf'

/**
 * Checks that the host's administrator lets sysctls be set: where there is a list, each key has to match one of its lines.
 *
 * @throws Error `Sysctl x is not allowed. ...`, or for a line that is no regular expression
 */
export function checkAllowed(keys: readonly string[]): void {
  const lines = keys.length > 0 ? readLines() : undefined
  if (lines === undefined) return
  const patterns = lines.map(compile)
  const refused = keys.find((key) => !patterns.some((pattern) => pattern.test(key)))
  if (refused !== undefined)
    throw new Error(`Sysctl ${refused} is not allowed. Only the following sysctls are allowed: [${lines.join(' ')}]`)
}

/** The lines that are not blank; `undefined` without a file, when everything is allowed. */
function readLines(): string[] | undefined {
  try {
    const lines = readRegularFile(FILE).split('\n')
    return lines.map((line) => line.trim()).filter((line) => line !== '')
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined
    throw error
  }
}

function compile(line: string): RegExp {
  try {
    return new RegExp(line)
  } catch (cause) {
    throw new SyntaxError(`Cannot read "${line}" in ${FILE}: ${messageOf(cause)}`, { cause })
  }
}
