import { isatty } from 'node:tty'
import { formatResult, type Result } from '@patchbay/cni/types'
import { Command } from 'commander'
import { version } from '../../executor/version.ts'
import { runCommand } from '../run-command.ts'
import {
  DEFAULTS,
  type Options,
  openAttachment,
  openNetwork,
  type TargetAttachment,
  type TargetNetwork,
} from './call.ts'
import { check } from './check.ts'
import { madeAttachment } from './made-attachment.ts'

const environmentHelp = `
Environment:
  CNI_PATH     directories of plugins, separated by ':' (default: cnitool's own)
  NETCONFPATH  directory of network configurations (default: ${DEFAULTS.configDir})
  CNI_IFNAME   name of the container's interface (default: ${DEFAULTS.ifName})
  CNI_ARGS     arguments for plugins, KEY=VALUE separated by ';'
  CAP_ARGS     arguments for capabilities, a JSON object

Example:
  ip netns add mine
  CNI_PATH=/opt/cni/bin cnitool add mynet /var/run/netns/mine`

/** One sub-command. */
interface Operation<C> {
  readonly name: string
  readonly description: string
  run(call: C): Promise<void>
}

const onAttachment: readonly Operation<TargetAttachment>[] = [
  {
    name: 'add',
    description: 'attach the namespace and print the result',
    run: async ({ cni, list, rt }) => printResult(await cni.addNetworkList(list, rt)),
  },
  {
    name: 'check',
    description: 'tell whether it is attached as it should be',
    run: async (attachment) => check(await madeAttachment(attachment)),
  },
  {
    name: 'del',
    description: 'detach the namespace',
    run: async (attachment) => {
      const { cni, list, rt } = await madeAttachment(attachment)
      await cni.delNetworkList(list, rt)
    },
  },
]

const onNetwork: readonly Operation<TargetNetwork>[] = [
  {
    name: 'gc',
    description: 'detach everything that is attached to the network',
    run: ({ cni, list }) => cni.gcNetworkList(list, { validAttachments: [] }),
  },
  {
    name: 'status',
    description: 'tell whether the network can attach containers',
    run: ({ cni, list }) => cni.getStatusNetworkList(list),
  },
]

/** The program `cnitool`: runs the operations of a network by hand. */
export async function cnitool(args: readonly string[]): Promise<number> {
  const program = new Command('cnitool')
    .description('Attach a network namespace to a CNI network, check it, and detach it.')
    .usage('<command> [options] <network> <netns>')
    .option('-i, --ifname <name>', "name of the container's interface")
    .option('--cache-dir <dir>', 'where results are cached', DEFAULTS.cacheDir)
    .version(version)
    .helpCommand('help [command]', 'tell more about a command')
    .addHelpText('afterAll', environmentHelp)
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error/, 'Error')) })
    .exitOverride()
    .showHelpAfterError('(cnitool --help tells more)')
  for (const operation of onAttachment)
    addCommand(program, operation, '<network> <netns>').action(
      async (network: string, netns: string, _: unknown, command: Command) =>
        operation.run(await openAttachment(network, netns, optionsOf(command))),
    )
  // These take the path of a namespace as the others do, for nothing.
  for (const operation of onNetwork)
    addCommand(program, operation, '<network> [netns]').action(
      async (network: string, _netns: unknown, _: unknown, command: Command) =>
        operation.run(await openNetwork(network, optionsOf(command))),
    )
  return runCommand(program, args)
}

function addCommand(
  program: Command,
  operation: Pick<Operation<never>, 'name' | 'description'>,
  args: string,
): Command {
  const { name, description } = operation
  const command = program.command(`${name} ${args}`)
  return command.summary(description).description(sentence(description)).allowExcessArguments()
}

function optionsOf(command: Command): Options {
  warnOfExcess(command)
  return command.optsWithGlobals<Options>()
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
}

/** The reference ignores them without a word. */
function warnOfExcess({ args, registeredArguments }: Command): void {
  const excess = args.slice(registeredArguments.length).map((argument) => JSON.stringify(argument))
  if (excess.length > 0) process.stderr.write(`Warning: ignored ${excess.join(', ')}\n`)
}

function printResult(result: Result): void {
  process.stdout.write(`${formatResult(result, result.cniVersion)}${isatty(1) ? '\n' : ''}`)
}
