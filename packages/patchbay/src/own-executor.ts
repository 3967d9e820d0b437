import { basename } from 'node:path'
import { type Executor, type PluginCall, processExecutor } from '@patchbay/cni/exec'
import { parseJson } from '@patchbay/cni/json'
import { dispatch, type Plugin, type PluginWorld } from '@patchbay/cni/plugin'
import { parseCniError } from '@patchbay/cni/types'
import { plugins } from './programs.ts'

/** What plugins run in-process share with their caller. */
export interface OwnExecutorOptions extends Pick<PluginWorld, 'hostNetns' | 'stderr'> {
  /** Whether the file that was found for a plugin is ours. */
  isOwn: (path: string) => boolean
  /** What runs all other plugins; as processes by default. */
  others?: Executor
}

/**
 * Runs a plugin in-process when the file that was found for it is ours, and as a process otherwise. What it reads and
 * prints is the same either way.
 */
export function ownExecutor(options: OwnExecutorOptions): Executor {
  const { isOwn, others = processExecutor() } = options
  const executor: Executor = {
    find: (type, path) => others.find(type, path),
    async run(path, call) {
      const name = basename(path)
      const load = Object.hasOwn(plugins, name) && isOwn(path) ? plugins[name] : undefined
      if (!load) return others.run(path, call)
      return runInProcess(await load(), call, { ...options, executor })
    },
  }
  return executor
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
