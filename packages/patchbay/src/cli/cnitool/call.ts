import { dirname, resolve } from 'node:path'
import { loadNetworkList, type NetworkList } from '@patchbay/cni/config'
import { processExecutor, splitPath } from '@patchbay/cni/exec'
import { Cni, defaultCacheDir, type RuntimeConf } from '@patchbay/cni/runtime'
import { ownExecutor } from '../../executor/own-executor.ts'
import { ownFiles } from '../../executor/own-files.ts'
import { capabilityArgs, containerIdOf, pairsOf } from './arguments.ts'
import { misspeltKeys } from './misspelt-keys.ts'
import { unusedCapabilities } from './unused-capabilities.ts'

/** What holds where nothing else is said. */
export const DEFAULTS = { configDir: '/etc/cni/net.d', ifName: 'eth0', cacheDir: defaultCacheDir } as const

/** Options of the command line. */
export interface Options {
  ifname?: string
  cacheDir: string
}

/** What a command about a network works with. */
export interface TargetNetwork {
  readonly cni: Cni
  readonly list: NetworkList
}

/** What a command about one attachment works with. */
export interface TargetAttachment extends TargetNetwork {
  readonly rt: RuntimeConf
}

/** Loads the configuration of a network, as the environment says where. Of files that cannot be loaded it warns. */
export async function openNetwork(name: string, { cacheDir }: Options): Promise<TargetNetwork> {
  const { env, execPath } = process
  const warnings: string[] = []
  const onUnreadable = ({ message }: Error) => warnings.push(`Warning: ${message}\n`)
  const list = await loadNetworkList(env['NETCONFPATH'] || DEFAULTS.configDir, name, { onUnreadable })
  for (const warning of await misspeltKeys(list)) warnings.push(`Warning: ${warning}\n`)
  for (const warning of warnings) process.stderr.write(warning)
  const executor = ownExecutor({
    isOwn: ownFiles(execPath),
    hostNetns: '/proc/self/ns/net',
    stderr: (text) => process.stderr.write(text),
    others: processExecutor,
  })
  const path = splitPath(env['CNI_PATH'] || dirname(execPath))
  return { cni: new Cni({ path, cacheDir: resolve(cacheDir || DEFAULTS.cacheDir), executor }), list }
}

/** Loads the configuration of a network and the arguments for one attachment to it. */
export async function openAttachment(name: string, netns: string, options: Options): Promise<TargetAttachment> {
  const { env } = process
  const network = await openNetwork(name, options)
  const path = resolve(netns)
  const rt = {
    containerId: containerIdOf(path),
    netns: path,
    ifName: options.ifname || env['CNI_IFNAME'] || DEFAULTS.ifName,
    args: pairsOf(env['CNI_ARGS'] ?? ''),
    capabilityArgs: capabilityArgs(env['CAP_ARGS'] ?? ''),
  } satisfies RuntimeConf
  for (const warning of unusedCapabilities(network.list, rt.capabilityArgs))
    process.stderr.write(`Warning: ${warning}\n`)
  return { ...network, rt }
}
