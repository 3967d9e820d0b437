import { writeSync } from 'node:fs'
import { formatJson } from '@patchbay/cni/json'
import { toCniError } from '@patchbay/cni/plugin'

/**
 * Reports what kept a plugin from being run: by an error object on standard output, as the protocol has it, or to a person on
 * standard error when there is no command.
 */
export function reportFailure(error: unknown): void {
  process.exitCode = 1
  if (process.env['CNI_COMMAND']) writeSync(1, formatJson(toCniError(error).toJSON(), { indent: 4 }))
  else writeSync(2, `${error instanceof Error ? error.message : error}\n`)
}
