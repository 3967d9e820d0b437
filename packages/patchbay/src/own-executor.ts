import { basename, join } from 'node:path'
import { type Executor, findInPath, type PluginCall } from '@patchbay/cni/exec'
import { parseJson } from '@patchbay/cni/json'
import { dispatch, type Plugin, type PluginWorld } from '@patchbay/cni/plugin'
import { parseCniError } from '@patchbay/cni/types'
import { isPluginName, loadedPlugin, loadPlugin } from './programs.ts'

/** What plugins run in-process share with their caller. */
export interface OwnExecutorOptions extends Pick<PluginWorld, 'hostNetns' | 'stderr'> {
  /** Whether the file that was found for a plugin is ours. */
  isOwn: (path: string) => boolean
  /** Makes what runs all other plugins. */
  others: () => Executor
}

/**
 * Runs a plugin in-process when the file that was found for it is ours, and as a process otherwise. What it reads and
 * prints is the same either way.
 */
export function ownExecutor(options: OwnExecutorOptions): Executor {
  const { isOwn, others } = options
  /** The file that the last search found to be ours: it need not be looked at twice. */
  let found: string | undefined
  const executor: Executor = {
    async find(type, path) {
      found = ownFileOf(type, path, isOwn)
      return found ?? findInPath(type, path)
    },
    async run(path, call) {
      const name = basename(path)
      const isOurs = isPluginName(name) && (path === found || isOwn(path))
      found = undefined
      const plugin = isOurs ? (loadedPlugin(name) ?? (await loadPlugin(name))) : undefined
      return plugin ? runInProcess(plugin, call, { ...options, executor }) : others().run(path, call)
    },
  }
  return executor
}

/** The plugin's file in the first directory of a path, when it is ours; nearly all are. */
function ownFileOf(type: string, [directory]: readonly string[], isOwn: (path: string) => boolean): string | undefined {
  if (directory === undefined || !isPluginName(type)) return undefined
  const file = join(directory, type)
  return isOwn(file) ? file : undefined
}

async function runInProcess(
  plugin: Plugin,
  call: PluginCall,
  { hostNetns, stderr, executor }: Pick<PluginWorld, 'hostNetns' | 'stderr' | 'executor'>,
): Promise<string> {
  call.signal?.throwIfAborted()
  let output = ''
  const status = await dispatch(plugin, {
    env: call.env,
    readStdin: async () => call.stdin,
    stdout: (text) => {
      output += text
    },
    stderr,
    executor,
    hostNetns,
    ...(call.signal && { signal: call.signal }),
  })
  if (status !== 0) throw parseCniError(parseJson(output))
  return output
}
