import { basename, join } from 'node:path'
import { type Executor, findInPath } from '@patchbay/cni/exec'
import {
  callPlugin,
  type InProcessCall,
  type InProcessOptions,
  type Plugin,
  printPlugin,
  Shared,
} from '@patchbay/cni/plugin'
import type { Result } from '@patchbay/cni/types'
import { isPluginName, LoadedPlugins } from './programs.ts'

/** What plugins run in-process share with their caller. */
export interface OwnExecutorOptions extends Required<Omit<InProcessOptions, 'shared'>> {
  /** Whether the file that was found for a plugin is ours. */
  isOwn: (path: string) => boolean
  /** Makes what runs all other plugins. */
  others: () => Executor
  /** What they share from one call to the next; without it, all that this executor runs have something of their own. */
  shared?: Shared
  /** Our plugins that have been loaded already. */
  loaded?: LoadedPlugins
}

/**
 * Runs a plugin in-process when the file that was found for it is ours, and as a process otherwise. What it is told and
 * gives is the same either way.
 */
export function ownExecutor(options: OwnExecutorOptions): Executor {
  const { isOwn, others, hostNetns, stderr, shared = new Shared(), loaded = new LoadedPlugins() } = options
  /** The file that the last search found to be ours: it need not be looked at twice. */
  let found: string | undefined
  function isOurs(path: string): boolean {
    const isFound = path === found
    found = undefined
    return isPluginName(basename(path)) && (isFound || isOwn(path))
  }
  const executor: Executor = {
    async find(type, path) {
      found = ownFileOf(type, path, isOwn)
      return found ?? findInPath(type, path)
    },
    async run(path, call) {
      return isOurs(path) ? printPlugin(await pluginAt(path, loaded), { ...world, ...call }) : others().run(path, call)
    },
    callInProcess(path, call) {
      return isOurs(path) ? callOwn(path, { ...world, ...call }, loaded) : undefined
    },
  }
  const world = { executor, hostNetns, stderr, shared }
  return executor
}

async function callOwn(path: string, call: InProcessCall, loaded: LoadedPlugins): Promise<Result | undefined> {
  return callPlugin(loaded.get(basename(path)) ?? (await pluginAt(path, loaded)), call)
}

async function pluginAt(path: string, loaded: LoadedPlugins): Promise<Plugin> {
  const plugin = await loaded.load(basename(path))
  if (!plugin) throw new Error(`Cannot run "${path}": it is no plugin of ours`)
  return plugin
}

/** The plugin's file in the first directory of a path, when it is ours; nearly all are. */
function ownFileOf(type: string, [directory]: readonly string[], isOwn: (path: string) => boolean): string | undefined {
  if (directory === undefined || !isPluginName(type)) return undefined
  const file = join(directory, type)
  return isOwn(file) ? file : undefined
}
