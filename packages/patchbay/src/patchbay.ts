import { Command } from 'commander'
import { plugins, toolNames } from './programs.ts'
import { runCommand } from './run-command.ts'
import { version } from './version.ts'

/** The program `patchbay`: what is in this executable. */
export async function patchbay(args: readonly string[]): Promise<number> {
  const program = new Command('patchbay')
    .description('Container networking: CNI plugins and tools in one executable.')
    .version(version)
    .exitOverride()
  program
    .command('plugins')
    .description('list the plugins that this executable is, by the names it is run by')
    .action(() => {
      process.stdout.write(`${Object.keys(plugins).join('\n')}\n`)
    })
  program.addHelpText('after', `\nRun by another name it is that program: ${names().join(', ')}.`)
  return runCommand(program, args.length === 0 ? ['--help'] : args)
}

function names(): string[] {
  return [...Object.keys(plugins), ...toolNames.filter((name) => name !== 'patchbay')]
}
