import { type Command, CommanderError } from 'commander'
import { ownIdentity, permissionRemedy } from './permission-remedy.ts'

/**
 * Runs a command line.
 *
 * @returns the exit status: 0, 1 for an error of the work itself, 2 for a command line that makes no sense
 */
export async function runCommand(program: Command, args: readonly string[]): Promise<number> {
  try {
    await program.parseAsync([...args], { from: 'user' })
    return 0
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    const remedy = permissionRemedy(error, ownIdentity())
    const text = error instanceof Error ? error.message : String(error)
    process.stderr.write(`Error: ${text}${remedy === undefined ? '' : `; ${remedy}`}\n`)
    return 1
  }
}
