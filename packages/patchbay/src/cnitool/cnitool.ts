import { resolve } from 'node:path'
import { loadNetworkList, type NetworkList } from '@patchbay/cni/config'
import { Cni, type RuntimeConf } from '@patchbay/cni/runtime'
import { formatResult } from '@patchbay/cni/types'
import { Command } from 'commander'
import { ownExecutor } from '../own-executor.ts'
import { runCommand } from '../run-command.ts'
import { version } from '../version.ts'
import { capabilityArgs, containerIdOf, pairsOf, pluginPath } from './arguments.ts'

const DEFAULT_CONFIG_DIRECTORY = '/etc/cni/net.d'

const environmentHelp = `
Environment:
  NETCONFPATH  directory of network configurations (default: ${DEFAULT_CONFIG_DIRECTORY})
  CNI_PATH     directories of plugins, separated by ':'
  CNI_IFNAME   name of the container's interface (default: eth0)
  CNI_ARGS     arguments for plugins, KEY=VALUE separated by ';'
  CAP_ARGS     arguments for capabilities, a JSON object

Example:
  CNI_PATH=/opt/cni/bin cnitool add mynet /var/run/netns/mine`

interface Options {
  ifname?: string
}

/** One call: what every sub-command works with. */
interface Call {
  cni: Cni
  list: NetworkList
  rt: RuntimeConf
}

/** The program `cnitool`: runs the operations of a network by hand. */
export async function cnitool(args: readonly string[]): Promise<number> {
  const program = new Command('cnitool')
    .description('Attach a network namespace to a CNI network, check it, and detach it.')
    .version(version)
    .addHelpText('after', environmentHelp)
    .exitOverride()
    .showHelpAfterError('(cnitool --help tells more)')
  const command = (name: string, description: string, run: (call: Call) => Promise<void>) =>
    program
      .command(`${name} <network> <netns>`)
      .description(description)
      .option('-i, --ifname <name>', "name of the container's interface; CNI_IFNAME otherwise, else eth0")
      .action(async (network: string, netns: string, options: Options) => run(await prepare(network, netns, options)))
  command('add', 'attach the namespace to the network and print the result', add)
  command('check', 'check that the namespace is attached as it should be', ({ cni, list, rt }) =>
    cni.checkNetworkList(list, rt),
  )
  command('del', 'detach the namespace from the network', ({ cni, list, rt }) => cni.delNetworkList(list, rt))
  command('status', 'tell whether the network is ready to attach containers', ({ cni, list }) =>
    cni.getStatusNetworkList(list),
  )
  command('gc', 'detach everything that was attached to the network', ({ cni, list }) => cni.gcNetworkList(list))
  return runCommand(program, args)
}

async function add({ cni, list, rt }: Call): Promise<void> {
  const result = await cni.addNetworkList(list, rt)
  process.stdout.write(formatResult(result, result.cniVersion))
}

async function prepare(network: string, netns: string, options: Options): Promise<Call> {
  const { env } = process
  const list = await loadNetworkList(env['NETCONFPATH'] || DEFAULT_CONFIG_DIRECTORY, network)
  const path = resolve(netns)
  const rt: RuntimeConf = {
    containerId: containerIdOf(path),
    netns: path,
    ifName: options.ifname || env['CNI_IFNAME'] || 'eth0',
    args: pairsOf(env['CNI_ARGS'] ?? ''),
    capabilityArgs: capabilityArgs(env['CAP_ARGS'] ?? ''),
  }
  const executor = ownExecutor({
    executable: process.execPath,
    hostNetns: '/proc/self/ns/net',
    stderr: (text) => process.stderr.write(text),
  })
  return { cni: new Cni({ path: pluginPath(env['CNI_PATH'] ?? ''), executor }), list, rt }
}
