import { statSync } from 'node:fs'
import { basename } from 'node:path'
import { type Executor, type PluginCall, processExecutor } from '@patchbay/cni/exec'
import { parseJson } from '@patchbay/cni/json'
import { dispatch, type Plugin, type PluginWorld } from '@patchbay/cni/plugin'
import { parseCniError } from '@patchbay/cni/types'
import { plugins } from './programs.ts'

/** What plugins run in-process share with their caller. */
export interface OwnExecutorOptions extends Pick<PluginWorld, 'hostNetns' | 'stderr'> {
  /** The executable that carries the plugins; nothing is run in-process when absent. */
  executable: string | undefined
  /** What runs all other plugins. */
  others?: Executor
}

/**
 * Runs a plugin in-process when the file that was found for it is this very executable, and as a process otherwise.
 * What it reads and prints is the same either way.
 */
export function ownExecutor(options: OwnExecutorOptions): Executor {
  const others = options.others ?? processExecutor()
  const own = options.executable === undefined ? undefined : identityOf(options.executable)
  const executor: Executor = {
    find: (type, path) => others.find(type, path),
    async run(path, call) {
      const load = own !== undefined && identityOf(path) === own ? plugins[basename(path)] : undefined
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

/** What tells files apart, whatever they are called; `undefined` for one that is not there. */
function identityOf(path: string): string | undefined {
  const file = statSync(path, { throwIfNoEntry: false })
  return file && `${file.dev}:${file.ino}`
}
