import { Command } from 'commander'
import { addDaemonCommands } from '../daemon/commands.ts'
import { pluginNames, toolNames } from '../executor/programs.ts'
import { version } from '../executor/version.ts'
import type { LeasesOptions } from './leases/leases.ts'
import { defaultDirectories } from './named-directory.ts'
import type { RepairCommandOptions } from './repair/repair.ts'
import { runCommand } from './run-command.ts'

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
      process.stdout.write(`${pluginNames.join('\n')}\n`)
    })
  program
    .command('leases [network]')
    .description('list the addresses that host-local has leased, with their containers')
    .option('--data-dir <dir>', 'where leases are kept', defaultDirectories.dataDir)
    .option('--cache-dir <dir>', 'where runtimes remember attachments', defaultDirectories.cacheDir)
    .option('--json', 'print an array of objects')
    .action(async (network: string | undefined, options: LeasesOptions) => {
      const { leases } = await import('./leases/leases.ts')
      await leases(network, options)
    })
  program
    .command('repair [network]')
    .description('put back the rules of running containers after somebody has flushed them')
    .option('--cache-dir <dir>', 'where runtimes remember attachments', defaultDirectories.cacheDir)
    .option('--json', 'print an array of objects')
    .action(async (network: string | undefined, options: RepairCommandOptions) => {
      const { repair } = await import('./repair/repair.ts')
      await repair(network, options)
    })
  addDaemonCommands(program, process)
  program.addHelpText('after', `\nRun by another name it is that program: ${names().join(', ')}.`)
  return runCommand(program, args.length === 0 ? ['--help'] : args)
}

function names(): string[] {
  return [...pluginNames, ...toolNames.filter((name) => name !== 'patchbay'), 'patchbayd (patchbay daemon)']
}
