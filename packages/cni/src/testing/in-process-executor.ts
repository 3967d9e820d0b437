import type { Executor } from '../exec/index.ts'
import { pluginFailure } from '../exec/plugin-failure.ts'
import { quote } from '../json/index.ts'
import { dispatch, type Plugin, type PluginWorld } from '../plugin/index.ts'

/** What a plugin's executable does with its world; returns the exit status. {@link runNoop} is one. */
export type PluginProgram = (world: PluginWorld) => Promise<number>

export interface InProcessOptions {
  /** Gets what plugins that succeed write to standard error; by default nobody does. */
  stderr?: (text: string) => void
  /** What plugins are told is the host's namespace; the one of this process by default. */
  hostNetns?: string
}

/**
 * An executor that runs plugins, by type, inside this process: to test a plugin through a `Cni` object, or plugins
 * that delegate to each other, without executables. A plugin's failure is reported as that of a process would be.
 */
export function inProcessExecutor(
  plugins: Readonly<Record<string, Plugin | PluginProgram>>,
  { stderr = () => undefined, hostNetns = '/proc/self/ns/net' }: InProcessOptions = {},
): Executor {
  const executor: Executor = {
    async find(type, path) {
      if (Object.hasOwn(plugins, type)) return type
      throw new Error(`failed to find plugin ${quote(type)} in path [${path.join(' ')}]`)
    },
    async run(path, { stdin, env, signal }) {
      signal?.throwIfAborted()
      const written = { stdout: '', stderr: '' }
      const status = await programOf(plugins[path])({
        env,
        readStdin: async () => stdin,
        stdout: (text) => {
          written.stdout += text
        },
        stderr: (text) => {
          written.stderr += text
        },
        executor,
        hostNetns,
        ...(signal ? { signal } : {}),
      })
      if (status !== 0) throw pluginFailure(path, { end: { kind: 'exited', status }, ...written, overflowed: false })
      if (written.stderr !== '') stderr(written.stderr)
      return written.stdout
    },
  }
  return executor
}

function programOf(plugin: Plugin | PluginProgram | undefined): PluginProgram {
  if (plugin === undefined) throw new Error('Cannot run plugin: it was not found')
  return typeof plugin === 'function' ? plugin : (world) => dispatch(plugin, world)
}
