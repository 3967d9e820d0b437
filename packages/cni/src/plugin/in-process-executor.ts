import type { Executor, PluginCall } from '../exec/index.ts'
import { quote } from '../json/index.ts'
import { formatResult, PluginNotFoundError, type Result } from '../types/index.ts'
import { callPlugin, type InProcessCall, type InProcessOptions } from './call-plugin.ts'
import { versionText } from './dispatch.ts'
import type { Plugin } from './plugin.ts'

/** An executor that runs all that it finds inside this process. */
export interface InProcessExecutor extends Executor {
  callInProcess(...args: Parameters<NonNullable<Executor['callInProcess']>>): Promise<Result | undefined>
}

/**
 * An executor that runs plugins, by type, inside this process: for a `Cni` object, and for plugins that delegate to each
 * other. There are no others for it, and no executables.
 */
export function inProcessExecutor(
  plugins: Readonly<Record<string, Plugin>>,
  options: InProcessOptions = {},
): InProcessExecutor {
  const executor: InProcessExecutor = {
    async find(type, path) {
      if (Object.hasOwn(plugins, type)) return type
      throw new PluginNotFoundError(type, path)
    },
    run: async (path, call) => printPlugin(pluginAt(path), { ...options, ...call, executor }),
    callInProcess: async (path, call) => callPlugin(pluginAt(path), { ...options, ...call, executor }),
  }
  function pluginAt(path: string): Plugin {
    const plugin = Object.hasOwn(plugins, path) ? plugins[path] : undefined
    if (plugin === undefined) throw new Error(`Cannot run plugin ${quote(path)}: it was not found`)
    return plugin
  }
  return executor
}

/**
 * Calls a plugin within this process, as {@link callPlugin} does, but returns what it would print: what `run` of an executor
 * gives.
 */
export async function printPlugin(plugin: Plugin, call: InProcessCall & PluginCall): Promise<string> {
  call.signal?.throwIfAborted()
  if (call.env['CNI_COMMAND'] === 'VERSION') return versionText(plugin)
  const result = await callPlugin(plugin, call)
  return result === undefined ? '' : formatResult(result, result.cniVersion)
}
