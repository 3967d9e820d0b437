import { type Command, CommanderError } from 'commander'

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
    process.stderr.write(`Error: ${error instanceof Error ? error.message : String(error)}\n`)
    return 1
  }
}
